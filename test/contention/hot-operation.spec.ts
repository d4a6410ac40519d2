import { jest } from '@jest/globals';
import { StreamTurns } from '#eventing/stream-turns.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { runHotOperation } from './hot-operation.js';
import type { HotOperationFigures, HotOperationLoad } from './hot-operation.js';
import { SlowDisk, SlowEventStore } from './slow-event-store.js';
import type { Latencies } from './slow-event-store.js';

/** Always the same numbers (mulberry32). */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
};

interface Simulated extends Omit<HotOperationLoad, 'apis' | 'worker' | 'ms' | 'signMs' | 'random'> {
  readonly apis: number;
}

/** Three seconds of such a load, in no time. */
async function simulate({ apis, ...load }: Simulated, latencies: Latencies, seed = 1): Promise<HotOperationFigures> {
  jest.useFakeTimers();
  try {
    const inner = new MemoryEventStore();
    const disk = new SlowDisk();
    const random = randomFrom(seed);
    const connection = (): SlowEventStore => new SlowEventStore(inner, disk, latencies, random);
    let outcome: { readonly figures: HotOperationFigures } | { readonly error: unknown } | undefined;
    runHotOperation({ ...load, ms: 3_000, signMs: 5, random, apis: Array.from({ length: apis }, connection), worker: connection() }).then((figures) => (outcome = { figures }), (error: unknown) => (outcome = { error }));
    for (let i = 0; outcome === undefined && i < 600; i += 1) await jest.advanceTimersByTimeAsync(100);
    if (outcome === undefined) throw new Error('it did not end');
    if ('error' in outcome) throw outcome.error;
    return outcome.figures;
  } finally {
    jest.useRealTimers();
  }
}

/** A store in the same room: reads take 2 ms, appends 4. */
const NEAR: Latencies = { wayMs: 1, flushMs: 2 };
/** Another town: 10 and 15. */
const FAR: Latencies = { wayMs: 5, flushMs: 5 };

/** What one would do without thinking of others: writes whenever it can, and who loses waits ever longer. */
class Usual extends StreamTurns {
  constructor(private readonly die: () => number) {
    super();
  }
  override gap(): number {
    return 0;
  }
  override contended(): boolean {
    return false;
  }
  override pauseAfter(_: string, conflicts: number): number {
    return this.die() * Math.min(100, 2 ** conflicts);
  }
}

describe('orders on one operation from several api processes, whose ends a worker books', () => {
  it.each([
    { apis: 1, clients: 16, latencies: NEAR, rate: 900, p99: 60 },
    { apis: 2, clients: 16, latencies: NEAR, rate: 1_000, p99: 100 },
    { apis: 4, clients: 1, latencies: NEAR, rate: 70, p99: 300 },
    { apis: 4, clients: 4, latencies: NEAR, rate: 300, p99: 300 },
    { apis: 4, clients: 16, latencies: NEAR, rate: 1_100, p99: 300 },
    { apis: 8, clients: 16, latencies: NEAR, rate: 1_300, p99: 600 },
    { apis: 4, clients: 16, latencies: FAR, rate: 250, p99: 1_500 },
  ])('of $apis processes of $clients clients nobody starves, and nobody is refused: $latencies', async ({ apis, clients, latencies, rate, p99 }) => {
    const figures = await simulate({ apis, clients, keyed: true }, latencies);
    expect(figures).toMatchObject({ refused: {}, settlingsFailed: 0 });
    // Far more than this was reached; who starves gets a tenth of the others, or nothing.
    expect(figures.perSecond).toBeGreaterThan(rate);
    expect(Math.min(...figures.perApi)).toBeGreaterThan(Math.max(...figures.perApi) * 0.4);
    expect(figures.p99).toBeLessThan(p99);
    // Mostly others who got their turn: each append lets all the others lose once at most.
    expect(figures.conflicts).toBeLessThan(figures.appends * Math.max(0.5, apis / 2));
    // Ends are booked every 200 ms: what is open is what came in since, and never near the 1,000 at which orders are refused.
    expect(figures.longestSettling).toBeLessThan(150);
    expect(figures.mostOpen).toBeLessThan(Math.max(60, figures.perSecond * 0.4));
  }, 60_000);

  it('orders without a key do as well', async () => {
    const figures = await simulate({ apis: 4, clients: 16 }, NEAR, 2);
    expect(figures).toMatchObject({ refused: {}, settlingsFailed: 0 });
    expect(figures.perSecond).toBeGreaterThan(1_100);
  }, 60_000);

  it('caches that follow the store by a subscription do as well', async () => {
    const figures = await simulate({ apis: 3, clients: 16, keyed: true, following: true }, NEAR, 3);
    expect(figures).toMatchObject({ refused: {}, settlingsFailed: 0 });
    expect(Math.min(...figures.perApi)).toBeGreaterThan(Math.max(...figures.perApi) * 0.4);
  }, 60_000);

  it('without gaps one of them has all: what is left to others is what makes the difference', async () => {
    const [usual, figures] = [await simulate({ apis: 8, clients: 16, keyed: true, turns: () => new Usual(randomFrom(1)) }, NEAR), await simulate({ apis: 8, clients: 16, keyed: true }, NEAR)];
    expect(Math.min(...usual.perApi)).toBeLessThan(Math.max(...usual.perApi) * 0.1);
    expect(usual.p99).toBeGreaterThan(3 * figures.p99);
    expect(usual.perSecond).toBeLessThan(0.8 * figures.perSecond);
  }, 60_000);
});
