import { followDurably, pause } from '#eventing/durable-subscription.js';
import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import type { SubscriptionObserver } from '#eventing/subscription-lag.js';
import type { UnderLease } from '#eventing/with-lease.js';
import { RowsReplacedError } from './projector.js';
import type { Projector } from './projector.js';
import { READ_MODEL } from './subscription-tables.js';

/** Events of one transaction at most. */
export const BATCH = 500;
/** Messages of one transaction in a rebuild, which nobody waits for event by event: each page of the indexes is written less often. */
const REBUILD_MESSAGES = 10;
/**
 * Under load a transaction has what came in so many ms: each costs as much as some twenty of its events, and a row that changes twice
 * in it is written once. Well within the second in which lists follow.
 */
const GATHER = { ms: 100, few: 8, enough: BATCH };
const RESUME_PAUSE_MS = 1_000;

/**
 * Keeps the read model at the store's head until the signal aborts, whatever fails meanwhile: every failure is tried again, with back-off.
 * @param failed told of each failure; the rows are as they were
 */
export async function followReadModel(options: {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly signal: AbortSignal;
  /** Where the projector works under a lease: told that it is lost. */
  readonly fenced?: UnderLease['fenced'];
  readonly failed?: (error: unknown, attempt: number) => void;
  readonly observe?: SubscriptionObserver;
}): Promise<void> {
  const { store, projector, signal, failed, observe, fenced = (work) => work() } = options;
  while (!signal.aborted) {
    const start = await untilDone(async () => ({ after: await fenced(() => projector.resume(store)), storeId: await store.storeId() }), signal, failed);
    if (start === undefined) return;
    const again = new AbortController();
    const both = AbortSignal.any([signal, again.signal]);
    let telling: Promise<unknown> | undefined;
    await followDurably({
      store,
      name: READ_MODEL,
      after: start.after,
      batch: BATCH,
      gather: GATHER,
      signal: both,
      handle: async (events) => {
        try {
          await fenced(() => projector.apply(events, start.storeId));
        } catch (error) {
          if (error instanceof RowsReplacedError) again.abort();
          throw error;
        }
      },
      caughtUp: () => {
        telling ??= untilDone(() => fenced(() => projector.caughtUp()), both, failed).finally(() => (telling = undefined));
      },
      ...(failed === undefined ? {} : { failed }),
      ...(observe === undefined ? {} : { observe }),
    });
    await telling;
  }
}

async function untilDone<T>(work: () => Promise<T>, signal: AbortSignal, failed?: (error: unknown, attempt: number) => void): Promise<T | undefined> {
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      failed?.(error, attempt);
      await pause(RESUME_PAUSE_MS, signal);
    }
  }
  return undefined;
}

/**
 * Makes every row anew from the beginning of the store up to its head of now, and stops. Nobody else may write the rows meanwhile.
 * @param advanced told after each transaction: events so far, position of the last one, the head's position
 * @throws StoreUnavailableError; what was done by then is kept, and a start goes on from there
 */
export async function rebuildReadModel(options: {
  readonly store: EventStore;
  readonly projector: Projector;
  readonly signal: AbortSignal;
  readonly advanced?: (events: number, position: Position, head: Position) => void;
}): Promise<{ readonly events: number; readonly ms: number }> {
  const { store, projector, signal } = options;
  const started = performance.now();
  await projector.clear();
  const storeId = await store.storeId();
  const head = (await store.readAll({ limit: 1, direction: 'backward' }))[0]?.position;
  let events = 0;
  let waiting: RecordedEvent[] = [];
  let messages = 0;
  const done = new AbortController();
  const subscription = head === undefined ? [] : store.subscribe({ signal: AbortSignal.any([signal, done.signal]), batch: BATCH });
  for await (const message of subscription) {
    if (message.kind === 'events') waiting.push(...message.events);
    messages += 1;
    const last = waiting.at(-1);
    const atHead = message.kind === 'caught-up' || (last !== undefined && head !== undefined && last.position >= head);
    if (last !== undefined && head !== undefined && (atHead || messages >= REBUILD_MESSAGES)) {
      await projector.apply(waiting, storeId);
      events += waiting.length;
      waiting = [];
      messages = 0;
      options.advanced?.(events, last.position, head);
    }
    if (atHead) break;
  }
  done.abort();
  return { events, ms: performance.now() - started };
}
