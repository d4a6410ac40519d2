import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { randomId } from '#eventing/ids.js';
import { pause } from '#eventing/pause.js';
import { STORE_SEALED, STORE_STREAM } from '#eventing/sealed-store.js';
import type { StoreSealed } from '#eventing/sealed-store.js';
import { systemActor } from '#kernel/actor.js';
import type { Clock } from '#kernel/clock.js';
import { CopyRefusedError } from './copy-refused-error.js';
import { isSeal } from './history.js';

/** More than what is ever said of a store itself. */
const STORE_EVENTS = 500;
const PATIENCE_MS = 60_000;
const RESEND_AFTER_MS = 200;

/** The newest seal of a store, if it has one. */
export async function sealOf(store: EventStore): Promise<RecordedEvent | undefined> {
  return (await store.readStream(STORE_STREAM, { limit: STORE_EVENTS, direction: 'backward' })).find(isSeal);
}
/** Id of the store that a seal names. */
export const movedTo = (seal: RecordedEvent): string | undefined => {
  const data = seal.data as Partial<StoreSealed> | null;
  return typeof data?.movedTo === 'string' ? data.movedTo : undefined;
};

/** Whether the last event of the store is the seal that names this target. */
export async function endsSealed(store: EventStore, target: string): Promise<boolean> {
  const [last] = await store.readAll({ limit: 1, direction: 'backward' });
  return last !== undefined && isSeal(last) && movedTo(last) === target;
}

/** Seals a store: from now on every start on it ends at once (rule 17). @throws CopyRefusedError IN_USE, UNAVAILABLE */
export async function seal(store: EventStore, target: string, clock: Pick<Clock, 'wall'>): Promise<void> {
  const [last] = await store.readStream(STORE_STREAM, { limit: 1, direction: 'backward' });
  const sealed: StoreSealed = { movedTo: target };
  const event: NewEvent = { id: randomId(), type: STORE_SEALED, data: sealed, metadata: { commandId: randomId(), actor: systemActor('store-copy'), at: new Date(clock.wall()).toISOString() } };
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      await store.append(STORE_STREAM, last?.revision ?? 'no-stream', [event]);
      return;
    } catch (error) {
      if (error instanceof ConflictError) throw new CopyRefusedError('IN_USE', 'somebody else writes about the source at this moment; stop every process that uses it, and run the same command again');
      if (!(error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError)) throw error;
      if (performance.now() > until) throw new CopyRefusedError('UNAVAILABLE', `the source could not be sealed: ${error.message}; the same command goes on where it was`);
      await pause(RESEND_AFTER_MS);
    }
  }
}
