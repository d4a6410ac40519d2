import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { outcomeOf, timedCalls } from './timed-calls.js';

describe('timedCalls', () => {
  const seen: [string, string][] = [];
  beforeEach(() => void seen.splice(0));
  const timed = <T extends object>(target: T): T => timedCalls(target, (call, seconds, outcome) => {
    expect(seconds).toBeGreaterThanOrEqual(0);
    seen.push([call, outcome]);
  });

  it('times what answers later, and leaves everything as it was', async () => {
    const store = timed(new MemoryEventStore());
    expect(await store.readStream('x-1', { limit: 1 })).toEqual([]);
    await expect(store.append('x-1', 'no-stream', [])).rejects.toThrow(TypeError);
    const stopping = new AbortController();
    for await (const message of store.subscribe({ signal: stopping.signal })) {
      expect(message.kind).toBe('caught-up');
      stopping.abort();
    }
    expect(seen).toEqual([['readStream', 'ok'], ['append', 'TypeError']]);
  });

  it('keeps what is no call, and who is called', async () => {
    class Counter {
      readonly step = 2;
      private n = 0;
      count(): Promise<number> {
        return Promise.resolve((this.n += this.step));
      }
    }
    const counter = timed(new Counter());
    expect([counter.step, await counter.count(), await counter.count()]).toEqual([2, 2, 4]);
  });

  it.each([[new StoreUnavailableError('x'), 'StoreUnavailableError'], [Object.assign(new Error('x'), { name: 'with blanks "in" it' }), 'error'], ['text', 'error']])('a failure %p is called %s', (error, name) => {
    expect(outcomeOf(error)).toBe(name);
  });
});
