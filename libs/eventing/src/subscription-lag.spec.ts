import { followDurably } from './durable-subscription.js';
import type { NewEvent } from './event-store.port.js';
import { randomId } from './ids.js';
import { SubscriptionLag } from './subscription-lag.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const T = Date.parse('2026-11-20T12:00:00.000Z');

describe('SubscriptionLag', () => {
  let passed: number;
  let lag: SubscriptionLag;
  let gone: number;
  beforeEach(() => {
    passed = 0;
    gone = 0;
    lag = new SubscriptionLag({ wall: () => T + passed, monotonic: () => passed }, () => (gone += 1));
  });
  const event = (writtenAgoMs: number): NewEvent => ({ id: randomId(), type: 'x.happened.v1', data: {}, metadata: { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: new Date(T + passed - writtenAgoMs).toISOString() } });
  const recorded = (writtenAgoMs: number) => ({ ...event(writtenAgoMs), stream: 'x-1', revision: 0, position: 1n });

  it('grows from the start on until it is heard that there is no more', () => {
    passed += 7_000;
    expect(lag.lag()).toEqual({ events: 0, seconds: 7 });
    lag.caughtUp();
    passed += 100_000;
    expect(lag.lag()).toEqual({ events: 0, seconds: 0 });
  });

  it('is as old as the oldest event that is being handled', () => {
    lag.caughtUp();
    lag.delivered([recorded(4_000), recorded(1_000)]);
    expect(lag.lag()).toEqual({ events: 2, seconds: 4 });
    passed += 2_000;
    expect(lag.lag()).toEqual({ events: 2, seconds: 6 });
    lag.handled();
    expect(lag.lag()).toEqual({ events: 0, seconds: 0 });
  });

  it('grows while the subscription is broken, and while the same events fail again and again', () => {
    lag.caughtUp();
    lag.failed();
    passed += 3_000;
    lag.failed();
    passed += 3_000;
    expect(lag.lag().seconds).toBe(6);
    lag.caughtUp();
    lag.delivered([recorded(0)]);
    lag.failed();
    passed += 9_000;
    expect(lag.lag()).toEqual({ events: 1, seconds: 9 });
  });

  it('an event from a clock ahead of this one is no lag', () => {
    lag.caughtUp();
    lag.delivered([recorded(-5_000)]);
    expect(lag.lag()).toEqual({ events: 1, seconds: 0 });
  });

  it('is told by a durable subscription', async () => {
    const store = new MemoryEventStore();
    await store.append('x-1', 'no-stream', [event(60_000)]);
    const stopping = new AbortController();
    const seen: unknown[] = [];
    let failures = 0;
    await followDurably({
      store, name: 'x', after: undefined, signal: stopping.signal, observe: lag,
      handle: () => {
        seen.push(lag.lag());
        return failures++ === 0 ? Promise.reject(new Error('once')) : Promise.resolve();
      },
      caughtUp: () => {
        seen.push(lag.lag());
        stopping.abort();
      },
    });
    expect(gone).toBe(1);
    expect(seen).toEqual([{ events: 1, seconds: 60 }, { events: 1, seconds: 60 }, { events: 0, seconds: 0 }]);
  });
});
