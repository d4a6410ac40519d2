import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { followProgress } from './follow-progress.js';
import { openReadModelReader } from './open-read-model.js';
import type { ReadModelDatabase } from './database.js';
import { Projector } from './projector.js';
import { ReadModelProgress } from './read-model-progress.js';
import { countingPart, countingProjection } from './testing/counting.projection.js';
import { SeededEvents } from './testing/seeded-events.js';
import { temporaryReadModel } from './testing/temporary-read-model.js';
import type { TemporaryReadModel } from './testing/temporary-read-model.js';
import { TEST_DATABASES, testPostgres } from './testing/test-databases.js';

describe.each(TEST_DATABASES)('progress told by the rows, on %s', (kind) => {
  let model: TemporaryReadModel;
  let reader: ReadModelDatabase;
  let store: MemoryEventStore;
  let seeded: SeededEvents;
  let projector: Projector;
  const progress = new ReadModelProgress();
  const stop = new AbortController();
  const failures: unknown[] = [];
  let following: Promise<void>;
  beforeAll(async () => {
    model = await temporaryReadModel([countingPart], kind);
    reader = await openReadModelReader(model);
    store = new MemoryEventStore();
    seeded = new SeededEvents(store);
    projector = new Projector(model.database, [countingProjection()]);
    following = followProgress(reader, progress, stop.signal, (error) => failures.push(error));
  });
  afterAll(async () => {
    stop.abort();
    await following;
    await reader.close();
    await model.close();
  });
  const project = async (at: string): Promise<bigint> => {
    await seeded.add('a', { type: 'test.added.v1', data: { add: 1 } }, { at });
    const events = await seeded.all();
    await projector.apply(events, await store.storeId());
    return events.at(-1)?.position ?? 0n;
  };

  it('wakes who waits soon after another wrote them', async () => {
    await projector.clear();
    const waiting = progress.waitFor(1n, 2_000);
    await project('2026-01-01T00:00:00.000Z');
    const began = performance.now();
    expect(await waiting).toBe(true);
    expect(performance.now() - began).toBeLessThan(300);
    expect(progress.state).toMatchObject({ caughtUp: false, appliedAt: '2026-01-01T00:00:00.000Z' });
    expect(await progress.waitFor(1_000n, 50)).toBe(false);
  });

  it('tells that they are complete, and when they are made anew', async () => {
    await projector.caughtUp();
    await progress.waitFor(1_000n, 100);
    expect(progress.state.caughtUp).toBe(true);
    await projector.clear();
    await progress.waitFor(1_000n, 100);
    expect(progress.state).toMatchObject({ caughtUp: false, applied: undefined });
  });

  it('goes on when the database was away', async () => {
    if (kind === 'PostgreSQL') {
      const server = await testPostgres();
      await server.kill();
      expect(await progress.waitFor(1_000n, 1_500)).toBe(false);
      expect(failures.length).toBeGreaterThan(0);
      await server.start();
    }
    const waiting = progress.waitFor((await seeded.all()).at(-1)?.position ?? 0n, 5_000);
    await project('2026-01-01T00:00:01.000Z');
    expect(await waiting).toBe(true);
  });
});
