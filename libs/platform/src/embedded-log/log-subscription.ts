import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { SubscriptionMessage } from '#eventing/event-store.port.js';
import type { LogConnection } from './log-connection.js';
import type { Pulled } from './protocol.js';
import { decodeEvent } from './wire-codec.js';

interface Following {
  readonly after: number;
  readonly prefixes: readonly string[];
  readonly batch: number;
  readonly signal: AbortSignal;
}
interface Pull {
  /** undefined when it was cancelled. */
  readonly pulled: Promise<Pulled | undefined>;
  readonly cancel: () => void;
}

/**
 * The events after a position, pulled batch by batch: a consumer that takes its time holds two batches, whatever waits in the log.
 * Aborting ends it quietly; it throws StoreUnavailableError when the log goes.
 */
export async function* followLog(connection: LogConnection, { after, prefixes, batch, signal }: Following): AsyncGenerator<SubscriptionMessage, void, undefined> {
  const pull = (cursor: number, wait: boolean): Pull => {
    const { answer, cancel } = connection.read({ kind: 'pull', after: cursor, prefixes, limit: batch, wait: wait ? connection.timeoutMs / 2 : 0 });
    const pulled = answer.then((got) => {
      if (got === undefined || got.kind === 'pulled') return got;
      throw new StoreUnavailableError(got.kind === 'unavailable' ? got.reason : 'an answer of another kind');
    });
    // It is asked ahead of its use: a failure that nobody awaits yet is not an unhandled one.
    pulled.catch(() => undefined);
    return { pulled, cancel };
  };
  if (signal.aborted) return;
  let current = pull(after, false);
  const abort = (): void => current.cancel();
  signal.addEventListener('abort', abort);
  try {
    for (let live = false; ;) {
      const got = await current.pulled;
      if (got === undefined || signal.aborted) return;
      // The next batch comes while the consumer works on this one.
      current = pull(got.cursor, got.drained);
      if (got.events.length > 0) yield { kind: 'events', events: got.events.map(decodeEvent) };
      if (signal.aborted) return;
      if (got.drained && !live) yield { kind: 'caught-up', position: got.head === 0 ? undefined : BigInt(got.head) };
      live = got.drained;
    }
  } finally {
    signal.removeEventListener('abort', abort);
    current.cancel();
  }
}
