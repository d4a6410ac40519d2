import type { HeldLease, Leases } from '#eventing/lease.port.js';
import { observedLeases } from './observed-leases.js';

describe('observedLeases', () => {
  const changes: [string, boolean][] = [];
  let free: boolean;
  let leases: Leases;
  beforeEach(() => {
    changes.length = 0;
    free = true;
    const kept: Leases = {
      ttlMs: 5_000,
      acquire: (name) => Promise.resolve(free ? { name, fence: 1n } : undefined),
      renew: () => Promise.resolve(free),
      release: () => Promise.resolve(),
    };
    leases = observedLeases(kept, { lease: (name, held) => void changes.push([name, held]) });
  });
  const lease: HeldLease = { name: 'read-model', fence: 1n };

  it('shows a lease once when it is taken, lost and given back', async () => {
    expect(leases.ttlMs).toBe(5_000);
    expect(await leases.acquire('read-model')).toEqual(lease);
    expect([await leases.renew(lease), await leases.renew(lease)]).toEqual([true, true]);
    free = false;
    expect([await leases.renew(lease), await leases.acquire('read-model')]).toEqual([false, undefined]);
    free = true;
    await leases.acquire('read-model');
    await leases.release(lease);
    expect(changes).toEqual([['read-model', true], ['read-model', false], ['read-model', true], ['read-model', false]]);
  });
});
