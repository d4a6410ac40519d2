import type { Leases } from '#eventing/lease.port.js';
import type { Metrics } from './metrics.js';

/** The same leases; which of them this process holds is shown. */
export function observedLeases(leases: Leases, metrics: Pick<Metrics, 'lease'>): Leases {
  const held = new Set<string>();
  const is = (name: string, mine: boolean): void => {
    if (held.has(name) === mine) return;
    if (mine) held.add(name);
    else held.delete(name);
    metrics.lease(name, mine);
  };
  return {
    ttlMs: leases.ttlMs,
    async acquire(name) {
      const lease = await leases.acquire(name);
      is(name, lease !== undefined);
      return lease;
    },
    async renew(lease) {
      const kept = await leases.renew(lease);
      is(lease.name, kept);
      return kept;
    },
    async release(lease) {
      await leases.release(lease);
      is(lease.name, false);
    },
  };
}
