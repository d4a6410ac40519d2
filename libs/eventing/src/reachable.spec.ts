import { StoreUnavailableError } from './event-store.port.js';
import { reachable } from './reachable.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

describe('waiting for the store', () => {
  const failing = (times: number, error: Error): MemoryEventStore => {
    const store = new MemoryEventStore();
    const answer = store.storeId.bind(store);
    let left = times;
    return Object.assign(store, { storeId: () => (left-- > 0 ? Promise.reject(error) : answer()) });
  };

  it('ends when it answers', async () => {
    const told: unknown[] = [];
    await reachable(failing(1, new StoreUnavailableError('down')), 5_000, (error) => told.push(error));
    expect(told).toHaveLength(1);
  });

  it('ends in time, and at once for what waiting does not mend', async () => {
    await expect(reachable(failing(9, new StoreUnavailableError('down')), 0, () => undefined)).rejects.toThrow(StoreUnavailableError);
    await expect(reachable(failing(9, new TypeError('broken')), 60_000, () => undefined)).rejects.toThrow(TypeError);
  });
});
