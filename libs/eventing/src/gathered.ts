import { pause } from './pause.js';
import type { RecordedEvent, SubscriptionMessage } from './event-store.port.js';

/** How batches are put together for who pays by the batch and not by the event. */
export interface Gathering {
  /** A small batch waits until so long after the last one; the first one after a quiet time does not wait. */
  readonly ms: number;
  /** Nor does one that follows a batch of fewer events than these: who works alone sees what he did at once. */
  readonly few?: number;
  /** Events with which a batch waits no longer. It may become larger by one message. */
  readonly enough: number;
}

const nextTurn = (): Promise<undefined> => new Promise((resolve) => setImmediate(() => resolve(undefined)));

/** The same messages in the same order, small batches of events put together. Holds one message more than the subscription does. */
export async function* gathered(messages: AsyncIterable<SubscriptionMessage>, { ms, few = 0, enough }: Gathering, signal: AbortSignal): AsyncGenerator<SubscriptionMessage, void, undefined> {
  const iterator = messages[Symbol.asyncIterator]();
  const ask = (): Promise<IteratorResult<SubscriptionMessage>> => {
    const asked = iterator.next();
    // It is asked ahead: a failure that nobody awaits yet is not an unhandled one.
    asked.catch(() => undefined);
    return asked;
  };
  let last = Number.NEGATIVE_INFINITY;
  let size = 0;
  let next = ask();
  try {
    for (;;) {
      const got = await next;
      if (got.done === true) return;
      next = ask();
      if (got.value.kind === 'caught-up') {
        yield got.value;
        continue;
      }
      let events: readonly RecordedEvent[] = got.value.events;
      if (events.length < enough) {
        const left = size < few ? 0 : last + ms - performance.now();
        if (left > 0) await pause(left, signal);
        // What broke meanwhile is told after what had come.
        const more = await Promise.race([next, nextTurn()]).catch(() => undefined);
        if (more?.done === false && more.value.kind === 'events') {
          events = [...events, ...more.value.events];
          next = ask();
        }
      }
      last = performance.now();
      size = events.length;
      yield { kind: 'events', events };
    }
  } finally {
    // Not awaited: it ends when what was asked for has come, or its signal aborts.
    void iterator.return?.()?.catch(() => undefined);
  }
}
