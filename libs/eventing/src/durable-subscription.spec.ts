import { jest } from '@jest/globals';
import { followDurably, pause } from './durable-subscription.js';
import type { DurableSubscriptionOptions } from './durable-subscription.js';
import type { EventStore, NewEvent, Position, RecordedEvent, SubscriptionMessage } from './event-store.port.js';
import { randomId } from './ids.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const event = (n: number): NewEvent => ({ id: randomId(), type: 'x.v1', data: { n }, metadata: { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' } });
const numbers = (events: readonly RecordedEvent[]): readonly number[] => events.map((e) => (e.data as { readonly n: number }).n);

/** Notes from where it is subscribed; a subscription can break or end by itself after some messages. */
class BreakingStore extends MemoryEventStore {
  readonly subscribedAfter: (Position | undefined)[] = [];
  breaksAfter = Infinity;
  endsAtOnce = false;
  override async *subscribe(options: Parameters<EventStore['subscribe']>[0]): AsyncGenerator<SubscriptionMessage> {
    this.subscribedAfter.push(options.after);
    if (this.endsAtOnce) return;
    let messages = 0;
    for await (const message of super.subscribe(options)) {
      if ((messages += 1) > this.breaksAfter) throw new Error('broken');
      yield message;
    }
  }
}

describe('followDurably', () => {
  let store: BreakingStore;
  let stop: AbortController;
  let handled: number[];
  let failures: [unknown, number][];
  const follow = (over: Partial<DurableSubscriptionOptions> = {}): Promise<void> =>
    followDurably({
      store, name: 'test', after: undefined, signal: stop.signal, batch: 2,
      handle: (events) => {
        handled.push(...numbers(events));
        return Promise.resolve();
      },
      failed: (error, attempt) => failures.push([error, attempt]),
      ...over,
    });
  beforeEach(async () => {
    jest.useFakeTimers();
    store = new BreakingStore();
    stop = new AbortController();
    handled = [];
    failures = [];
    await store.append('x-1', 'no-stream', [0, 1, 2, 3, 4].map(event));
  });
  afterEach(() => {
    stop.abort();
    jest.useRealTimers();
  });
  const positions = async (): Promise<readonly Position[]> => (await store.readAll({ limit: 100 })).map((e) => e.position);

  it('handles what is there, says that it caught up, then what comes', async () => {
    let caughtUp = 0;
    const following = follow({ caughtUp: () => (caughtUp += 1) });
    await jest.advanceTimersByTimeAsync(0);
    expect(handled).toEqual([0, 1, 2, 3, 4]);
    expect(caughtUp).toBe(1);
    await store.append('x-1', 4, [event(5)]);
    await jest.advanceTimersByTimeAsync(0);
    expect(handled).toEqual([0, 1, 2, 3, 4, 5]);
    stop.abort();
    await following;
  });

  it('begins after a position, with its prefixes and batch', async () => {
    await store.append('y-1', 'no-stream', [event(100), event(101), event(102)]);
    const sizes: number[] = [];
    void follow({ after: (await positions())[2], prefixes: ['x-'], handle: (events) => {
      sizes.push(events.length);
      handled.push(...numbers(events));
      return Promise.resolve();
    } });
    await jest.advanceTimersByTimeAsync(0);
    expect(handled).toEqual([3, 4]);
    expect(sizes.every((n) => n <= 2)).toBe(true);
  });

  it('rule 12: after a failure the same events come again, from the last finished one on', async () => {
    let fail = 3;
    void follow({ handle: (events) => {
      if (numbers(events).includes(2) && (fail -= 1) >= 0) return Promise.reject(new Error('no'));
      handled.push(...numbers(events));
      return Promise.resolve();
    } });
    await jest.runAllTimersAsync();
    expect(handled).toEqual([0, 1, 2, 3, 4]);
    const second = (await positions())[1];
    expect(store.subscribedAfter).toEqual([undefined, second, second, second]);
    expect(failures.map(([, attempt]) => attempt)).toEqual([1, 2, 3]);
  });

  it('backs off up to 5 s, and begins anew after a success', async () => {
    let failing = true;
    const times: number[] = [];
    void follow({ handle: (events) => {
      times.push(Date.now());
      if (failing) return Promise.reject(new Error('no'));
      handled.push(...numbers(events));
      return Promise.resolve();
    } });
    await jest.advanceTimersByTimeAsync(40_000);
    const pauses = times.slice(1).map((t, i) => t - (times[i] ?? 0));
    expect(pauses.slice(0, 10)).toEqual([50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    failing = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(handled).toEqual([0, 1, 2, 3, 4]);
    failing = true;
    times.length = 0;
    await store.append('x-1', 4, [event(5)]);
    await jest.advanceTimersByTimeAsync(60);
    expect(times).toHaveLength(2);
  });

  it('subscribes again when the store breaks, and loses nothing', async () => {
    store.breaksAfter = 1;
    void follow();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(handled).toEqual([0, 1, 2, 3, 4]);
    expect(failures[0]?.[0]).toMatchObject({ message: 'broken' });
    expect(store.subscribedAfter.length).toBeLessThan(20);
  });

  it('a subscription that ends by itself is subscribed again after a pause', async () => {
    store.endsAtOnce = true;
    void follow();
    await jest.advanceTimersByTimeAsync(1_000);
    expect(store.subscribedAfter.length).toBeLessThan(7);
    expect(failures.length).toBe(store.subscribedAfter.length);
    store.endsAtOnce = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(handled).toEqual([0, 1, 2, 3, 4]);
  });

  it('ends with the signal: before it began, while it waits, while it handles, while it pauses', async () => {
    const before = follow({ signal: AbortSignal.abort() });
    await expect(before).resolves.toBeUndefined();
    expect(handled).toEqual([]);

    const waiting = follow();
    await jest.advanceTimersByTimeAsync(0);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();

    const inside = new AbortController();
    let calls = 0;
    await expect(follow({ signal: inside.signal, handle: () => {
      calls += 1;
      inside.abort();
      return Promise.reject(new Error('cut off'));
    } })).resolves.toBeUndefined();
    expect(calls).toBe(1);
    expect(failures).toEqual([]);

    const pausing = new AbortController();
    const paused = follow({ signal: pausing.signal, handle: () => Promise.reject(new Error('no')) });
    await jest.advanceTimersByTimeAsync(10_000);
    pausing.abort();
    await expect(paused).resolves.toBeUndefined();
  });

  it('handles no batch after the one in which it was aborted', async () => {
    await follow({ handle: (events) => {
      handled.push(...numbers(events));
      stop.abort();
      return Promise.resolve();
    } });
    expect(handled).toEqual([0, 1]);
  });
});

describe('pause', () => {
  it('ends with its time or with the signal, and leaves no timer', async () => {
    jest.useFakeTimers();
    try {
      const stop = new AbortController();
      const both = [pause(1_000, stop.signal), pause(5_000, stop.signal)];
      await jest.advanceTimersByTimeAsync(1_000);
      await both[0];
      expect(jest.getTimerCount()).toBe(1);
      stop.abort();
      await both[1];
      await pause(5_000, stop.signal);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
