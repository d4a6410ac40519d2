import { StoreUnavailableError } from './event-store.port.js';
import { LeaseLostError } from './lease.port.js';
import type { HeldLease, Leases } from './lease.port.js';
import { pause } from './pause.js';
import { soleLeases } from './sole-leases.js';
import { withLease } from './with-lease.js';
import type { UnderLease } from './with-lease.js';

class FakeLeases implements Leases {
  ttlMs = 6_000;
  fence = 0n;
  taken = false;
  down = false;
  readonly released: bigint[] = [];
  acquire(name: string): Promise<HeldLease | undefined> {
    if (this.down) return Promise.reject(new StoreUnavailableError('down'));
    if (this.taken) return Promise.resolve(undefined);
    this.taken = true;
    return Promise.resolve({ name, fence: (this.fence += 1n) });
  }
  renew({ fence }: HeldLease): Promise<boolean> {
    return this.down ? Promise.reject(new StoreUnavailableError('down')) : Promise.resolve(this.taken && fence === this.fence);
  }
  release({ fence }: HeldLease): Promise<void> {
    this.released.push(fence);
    if (fence === this.fence) this.taken = false;
    return Promise.resolve();
  }
}

describe('working under a lease', () => {
  let leases: FakeLeases;
  let stop: AbortController;
  let running: Promise<void> | undefined;
  const runs: UnderLease[] = [];
  const failures: unknown[] = [];
  const held: boolean[] = [];
  const begin = (given: Leases = leases, work: (under: UnderLease) => Promise<void> = ({ signal }) => pause(60_000, signal)): void => {
    running = withLease({
      leases: given, name: 'work', stopping: stop.signal, changed: (h) => held.push(h), failed: (error) => failures.push(error),
      run: async (under) => {
        runs.push(under);
        await work(under);
      },
    });
  };
  const until = async (reached: () => boolean, ms: number): Promise<void> => {
    for (const since = performance.now(); !reached() && performance.now() - since < ms; ) await pause(5);
    expect(reached()).toBe(true);
  };
  beforeEach(() => {
    leases = new FakeLeases();
    stop = new AbortController();
    for (const list of [runs, failures, held]) list.length = 0;
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it('is told to be held again when the leases answer after they did not, though nothing was lost', async () => {
    begin();
    await until(() => runs.length === 1, 2_000);
    leases.down = true;
    await until(() => failures.length > 0, 5_000);
    leases.down = false;
    await until(() => held.length === 2, 3_000);
    expect([held, runs.length]).toEqual([[true, true], 1]);
  }, 15_000);

  it('gives it back at once when it stops', async () => {
    begin();
    await until(() => runs.length === 1, 500);
    stop.abort();
    await running;
    expect(leases.taken).toBe(false);
    expect(held).toEqual([true, false]);
  });

  it('waits while another holds it, and begins anew when it is free', async () => {
    leases.taken = true;
    begin();
    await until(() => held.length > 0, 500);
    expect(held).toEqual([false]);
    leases.taken = false;
    await until(() => runs.length === 1, 1_500);
  });

  it('stops when another took it, leaves it to that one, and does not work beside it', async () => {
    begin();
    await until(() => runs.length === 1, 500);
    leases.fence += 1n;
    await until(() => runs[0]?.signal.aborted === true, 2_500);
    await pause(1_200);
    expect(runs).toHaveLength(1);
    expect(leases.taken).toBe(true);
  });

  it('stops at once when its fence was refused', async () => {
    begin(leases, async ({ fenced, signal }) => {
      if (runs.length === 1) await fenced(() => Promise.reject(new LeaseLostError('work'))).catch(() => undefined);
      else await pause(60_000, signal);
    });
    await until(() => runs[0]?.signal.aborted === true, 200);
    await until(() => runs.length === 2, 1_500);
    expect(runs[1]?.lease.fence).toBe(2n);
  });

  it('stops before the lease ends that it can not renew, and works again when it can', async () => {
    leases.ttlMs = 2_000;
    begin();
    await until(() => runs.length === 1, 500);
    const began = performance.now();
    leases.down = true;
    await until(() => runs[0]?.signal.aborted === true, 1_500);
    expect(performance.now() - began).toBeLessThan(1_200);
    leases.down = false;
    await until(() => runs.length === 2, 1_500);
  });

  it('tries again when the work failed', async () => {
    begin(soleLeases, ({ signal }) => (runs.length === 1 ? Promise.reject(new RangeError('mine')) : pause(60_000, signal)));
    await until(() => runs.length === 2, 1_500);
    expect(failures).toEqual([new RangeError('mine')]);
  });
});
