import { StoreUnavailableError } from './event-store.port.js';
import type { EventStore, Position, RecordedEvent } from './event-store.port.js';
import { gathered } from './gathered.js';
import type { Gathering } from './gathered.js';
import { pause } from './pause.js';
import type { SubscriptionObserver } from './subscription-lag.js';

export { pause } from './pause.js';

export interface DurableSubscriptionOptions {
  readonly store: EventStore;
  /** Named for ever. */
  readonly name: string;
  readonly prefixes?: readonly string[];
  readonly batch?: number;
  /** For a consumer that pays by the batch: small ones are put together. Left out: each comes at once. */
  readonly gather?: Gathering;
  readonly after: Position | undefined;
  /**
   * Has the whole effect of these events, and saves its checkpoint with it or after it. What it throws is a "retry": the same events come again,
   * after a pause. To stop, it aborts the signal.
   */
  readonly handle: (events: readonly RecordedEvent[]) => Promise<void>;
  /** Everything that was there has been handled. May be called any number of times. */
  readonly caughtUp?: () => void;
  readonly signal: AbortSignal;
  readonly failed?: (error: unknown, attempt: number) => void;
  /** Told how it gets on. */
  readonly observe?: SubscriptionObserver;
}

const FIRST_PAUSE_MS = 50;
const LAST_PAUSE_MS = 5_000;

/**
 * Follows the store until the signal aborts: resubscribes for ever from the last finished event, with back-off after a failure.
 * Resolves when it was aborted; never rejects.
 */
export async function followDurably(options: DurableSubscriptionOptions): Promise<void> {
  await follow(options);
  options.observe?.ended();
}

async function follow(options: DurableSubscriptionOptions): Promise<void> {
  const { store, signal, handle, observe } = options;
  let after = options.after;
  for (let attempt = 0; !signal.aborted; ) {
    const ended = new AbortController();
    try {
      const subscription = store.subscribe({ signal: AbortSignal.any([signal, ended.signal]), ...(after === undefined ? {} : { after }), ...(options.prefixes === undefined ? {} : { prefixes: options.prefixes }), ...(options.batch === undefined ? {} : { batch: options.batch }) });
      for await (const message of options.gather === undefined ? subscription : gathered(subscription, options.gather, signal)) {
        if (signal.aborted) return;
        if (message.kind === 'caught-up') {
          observe?.caughtUp();
          options.caughtUp?.();
          continue;
        }
        observe?.delivered(message.events);
        await handle(message.events);
        observe?.handled();
        attempt = 0;
        after = message.events.at(-1)?.position ?? after;
      }
      // Only the signal ends it: another end is a broken one, and asked for again without a pause it would hold the thread.
      throw new StoreUnavailableError('the subscription ended');
    } catch (error) {
      if (signal.aborted) return;
      attempt += 1;
      observe?.failed();
      options.failed?.(error, attempt);
    } finally {
      // What was asked for ahead is not waited for.
      ended.abort();
    }
    await pause(Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1)), signal);
  }
}
