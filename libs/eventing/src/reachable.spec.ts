import { StoreUnavailableError } from './event-store.port.js';
import { reachable } from './reachable.js';

describe('waiting for a store', () => {
  const failing = (times: number, error: Error) => {
    let left = times;
    return (): Promise<unknown> => (left-- > 0 ? Promise.reject(error) : Promise.resolve('here'));
  };

  it('ends when it answers', async () => {
    const told: unknown[] = [];
    await reachable(failing(1, new StoreUnavailableError('down')), (error) => told.push(error));
    expect(told).toHaveLength(1);
  });

  it('ends in time, and at once for what waiting does not mend', async () => {
    await expect(reachable(failing(9, new StoreUnavailableError('down')), () => undefined, 0)).rejects.toThrow(StoreUnavailableError);
    await expect(reachable(failing(9, new TypeError('broken')), () => undefined)).rejects.toThrow(TypeError);
  });
});
