import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Position, SubscriptionMessage } from '#eventing/event-store.port.js';
import type { BoundClient } from './client.js';
import { Inbox } from './inbox.js';
import { IDLE_RESUBSCRIPTIONS } from './limits.js';
import { isTooSlow, readError } from './store-errors.js';

export interface Following {
  readonly after: Position | undefined;
  readonly prefixes: readonly string[];
  readonly batch: number;
  readonly signal: AbortSignal;
  /** The position of the last event of all, from the leader. */
  readonly head: () => Promise<Position | undefined>;
}

/** The outcome, or undefined as soon as the signal aborts. */
async function unlessAborted<T>(outcome: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => {
    abort = () => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([outcome, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * The events after a position. A subscription that the server ends because events waited is routine and made again at once, from the last
 * event that was taken; whatever else breaks it is thrown as StoreUnavailableError, after what had come was delivered.
 */
export async function* followStore(client: () => BoundClient, { after, prefixes, batch, signal, head: askHead }: Following): AsyncGenerator<SubscriptionMessage, void, undefined> {
  if (signal.aborted) return;
  const asked = await unlessAborted(askHead().then((position) => ({ position })), signal);
  if (asked === undefined) return;
  const head = asked.position;
  let delivered = after;
  const there = head === undefined || (after !== undefined && after >= head);
  if (there) yield { kind: 'caught-up', position: head };
  let idle = 0;
  for (let from = after, missing = there ? undefined : head; !signal.aborted; ) {
    if ((await unlessAborted(client().ready().then(() => true), signal)) === undefined) return;
    const inbox = new Inbox(client(), { after: from, prefixes, head: missing });
    const stop = (): void => inbox.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (;;) {
        await inbox.waiting();
        if (signal.aborted) return;
        const broken = inbox.broken;
        const events = inbox.next(batch);
        if (events.length > 0) {
          delivered = events.at(-1)?.position ?? delivered;
          yield { kind: 'events', events };
        }
        if (signal.aborted) return;
        if (inbox.caughtUp(delivered)) {
          missing = undefined;
          yield { kind: 'caught-up', position: delivered !== undefined && (head === undefined || delivered > head) ? delivered : head };
        }
        if (broken === undefined || events.length > 0) continue;
        if (!isTooSlow(broken.error)) throw broken.error === undefined ? new StoreUnavailableError('the event store ended the subscription') : readError(broken.error);
        idle = inbox.last === from ? idle + 1 : 0;
        if (idle >= IDLE_RESUBSCRIPTIONS) throw readError(broken.error);
        from = inbox.last;
        break;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      inbox.stop();
    }
  }
}
