import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from './event-store.port.js';
import type { EventStore, NewEvent, Position } from './event-store.port.js';
import { pause } from './pause.js';

const RESEND_PAUSE_MS = 50;

/**
 * Sends the identical batch until its outcome is known. After an unknown outcome a conflict is believed only when our ids are not there,
 * and a store that is unavailable tells nothing about what was sent before (rule 3).
 * @param revision -1 for a stream that is not there yet @param resendForMs how long an append with an unknown outcome is sent again
 * @throws OutcomeUnknownError, StoreUnavailableError and AppendTooLargeError (nothing was written)
 */
export async function appendBatch(store: EventStore, stream: string, revision: number, events: readonly NewEvent[], resendForMs: number): Promise<Position | 'conflict'> {
  const until = performance.now() + resendForMs;
  let unknown: OutcomeUnknownError | undefined;
  for (;;) {
    try {
      return await appendOnce(store, stream, revision, events, unknown !== undefined);
    } catch (error) {
      if (error instanceof OutcomeUnknownError) unknown = error;
      else if (unknown === undefined || !(error instanceof StoreUnavailableError)) throw error;
      if (performance.now() > until) throw unknown;
      await pause(RESEND_PAUSE_MS);
    }
  }
}

async function appendOnce(store: EventStore, stream: string, revision: number, events: readonly NewEvent[], resent: boolean): Promise<Position | 'conflict'> {
  try {
    return (await store.append(stream, revision < 0 ? 'no-stream' : revision, events)).position;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    if (!resent) return 'conflict';
    // Appends are atomic: when the first of ours is there, all are.
    const [written] = await store.readStream(stream, { from: revision + 1, limit: 1 });
    return written !== undefined && written.id === events[0]?.id ? written.position : 'conflict';
  }
}
