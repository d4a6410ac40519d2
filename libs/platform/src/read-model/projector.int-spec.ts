import type { RecordedEvent } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { DatabaseError } from './connections.js';
import { followReadModel, rebuildReadModel } from './follow-read-model.js';
import type { ParkedEventRow } from './subscription-tables.js';
import { Projector, RowsReplacedError } from './projector.js';
import { literal, sql } from './sql.js';
import { countingPart, countingProjection } from './testing/counting.projection.js';
import { SeededEvents } from './testing/seeded-events.js';
import { temporaryReadModel } from './testing/temporary-read-model.js';
import type { TemporaryReadModel } from './testing/temporary-read-model.js';
import { TEST_DATABASES, testPostgres } from './testing/test-databases.js';

describe.each(TEST_DATABASES)('projecting on %s', (kind) => {
  let model: TemporaryReadModel;
  let store: MemoryEventStore;
  let seeded: SeededEvents;
  let storeId: string;
  beforeEach(async () => {
    model = await temporaryReadModel([countingPart], kind);
    store = new MemoryEventStore();
    storeId = await store.storeId();
    seeded = new SeededEvents(store);
  });
  afterEach(() => model.close());

  const add = (stream: string, add: unknown): Promise<void> => seeded.add(stream, { type: 'test.added.v1', data: { add } });
  const totals = async (): Promise<Readonly<Record<string, number>>> =>
    Object.fromEntries((await model.database.query<{ stream: string; total: number | string }>(sql`SELECT stream, total FROM stream_count ORDER BY stream`)).map((r) => [r.stream, Number(r.total)]));
  const all = (): Promise<readonly RecordedEvent[]> => seeded.all();

  it('rule 12: an event that is delivered again changes nothing', async () => {
    await add('a', 1);
    await add('b', 10);
    await add('a', 2);
    const projector = new Projector(model.database, [countingProjection()]);
    const events = await all();
    await projector.apply(events.slice(0, 2), storeId);
    await projector.apply(events, storeId);
    await projector.apply(events, storeId);
    expect(await totals()).toEqual({ a: 3, b: 10 });
    expect((await model.dump())['parked_event']).toEqual([]);
    expect(projector.progress.state.applied).toBe(events[2]?.position);
  });

  it('rule 12: rows and checkpoint are written together or not at all', async () => {
    await add('a', 1);
    await add('a', 2);
    const [first, second] = (await all()) as [RecordedEvent, RecordedEvent];
    await new Projector(model.database, [countingProjection()]).apply([first], storeId);
    const before = await model.dump();
    // The connection is gone after the rows were written and before the checkpoint was.
    const dying = new Projector(model.database, [
      countingProjection({
        afterWrite: () => {
          throw new DatabaseError('gone');
        },
      }),
    ]);
    await expect(dying.apply([second], storeId)).rejects.toThrow('the read model: gone');
    expect(await model.dump()).toEqual(before);
    const next = new Projector(model.database, [countingProjection()]);
    expect(await next.resume(store)).toBe(first.position);
    await next.apply([second], storeId);
    expect(await totals()).toEqual({ a: 3 });
  });

  it('leaves no gap when the database comes back with less than it had', async () => {
    await add('a', 1);
    await add('a', 2);
    await add('a', 4);
    const [first, second, third] = (await all()) as [RecordedEvent, RecordedEvent, RecordedEvent];
    let broken = false;
    const projector = new Projector(model.database, [countingProjection({ afterWrite: () => (broken ? Promise.reject(new DatabaseError('gone')) : Promise.resolve()) })]);
    await projector.resume(store);
    await projector.apply([first], storeId);
    const [row] = await model.database.query<{ position: string; eventId: string }>(sql`SELECT position, event_id AS "eventId" FROM projection_checkpoint`);
    await projector.apply([second], storeId);
    broken = true;
    await expect(projector.apply([third], storeId)).rejects.toThrow('gone');
    broken = false;
    // As it was before the second event.
    await model.database.transaction(async (tx) => {
      await tx.run(sql`UPDATE stream_count SET total = 1, revision = 0`);
      await tx.run(sql`UPDATE projection_checkpoint SET position = ${row?.position ?? ''}, event_id = ${row?.eventId ?? ''}`);
    });
    await expect(projector.apply([third], storeId)).rejects.toThrow(RowsReplacedError);
    expect(await projector.resume(store)).toBe(first.position);
    await projector.apply([second, third], storeId);
    expect(await totals()).toEqual({ a: 7 });
  });

  it('parks what a projection can not fold, and what follows it in its stream; the rest goes on', async () => {
    await add('a', 1);
    await add('bad', 'text');
    await add('a', 2);
    await add('bad', 3);
    const parked: ParkedEventRow[] = [];
    const projector = new Projector(model.database, [countingProjection()], { parked: (row) => parked.push(row) });
    await projector.apply(await all(), storeId);
    expect(await totals()).toEqual({ a: 3 });
    expect(parked.map((p) => [p.projection, p.stream, p.revision, p.error])).toEqual([
      ['counting', 'bad', 0, 'TypeError: not a number'],
      ['counting', 'bad', 1, 'StreamGapError: bad@1: the row stands at revision -1'],
    ]);
    expect(await model.database.query(sql`SELECT stream, type FROM parked_event ORDER BY position`)).toEqual([{ stream: 'bad', type: 'test.added.v1' }, { stream: 'bad', type: 'test.added.v1' }]);
  });

  it('makes rows of another store or of another layout anew', async () => {
    await add('a', 1);
    await new Projector(model.database, [countingProjection()]).apply(await all(), storeId);
    const reasons: string[] = [];
    const observe = { rebuilding: (reason: string): void => void reasons.push(reason) };
    expect(await new Projector(model.database, [countingProjection()], observe).resume(store)).toBeDefined();
    expect(reasons).toEqual([]);
    expect(await new Projector(model.database, [countingProjection({ version: '2' })], observe).resume(store)).toBeUndefined();
    expect(await totals()).toEqual({});
    await new Projector(model.database, [countingProjection()]).apply(await all(), storeId);
    expect(await new Projector(model.database, [countingProjection()], observe).resume(new MemoryEventStore())).toBeUndefined();
    expect(await totals()).toEqual({});
    expect(reasons).toEqual([expect.stringContaining('counting/2'), expect.stringContaining('is not at position')]);
  });

  it('rebuilds rows and what was parked, and tells how far it is', async () => {
    for (let i = 0; i < 1_200; i += 1) await add(`s${i % 7}`, i % 100 === 99 ? 'text' : i);
    const projector = new Projector(model.database, [countingProjection()]);
    await projector.apply(await all(), storeId);
    const before = await model.dump();
    const told: number[] = [];
    const { events } = await rebuildReadModel({ store, projector, signal: new AbortController().signal, advanced: (n) => told.push(n) });
    expect(events).toBe(1_200);
    expect(told.at(-1)).toBe(1_200);
    expect(await model.dump()).toEqual(before);
    expect(before['parked_event']?.length).toBeGreaterThan(0);
  });

  it('rebuilds an empty store to nothing', async () => {
    const projector = new Projector(model.database, [countingProjection()]);
    expect((await rebuildReadModel({ store, projector, signal: new AbortController().signal })).events).toBe(0);
    expect(await projector.resume(store)).toBeUndefined();
  });

  describe('followed', () => {
    let stop: AbortController;
    let following: Promise<void> | undefined;
    const failures: unknown[] = [];
    const follow = (projector: Projector): void => {
      following = followReadModel({ store, projector, signal: stop.signal, failed: (error) => failures.push(error) });
    };
    beforeEach(() => {
      stop = new AbortController();
      failures.length = 0;
    });
    afterEach(async () => {
      stop.abort();
      await following;
    });

    it('has an event soon after it was appended', async () => {
      await add('a', 1);
      const projector = new Projector(model.database, [countingProjection()]);
      follow(projector);
      expect(await projector.progress.waitFor((await all())[0]?.position ?? 0n, 1_000)).toBe(true);
      await add('a', 2);
      expect(await projector.progress.waitFor((await all())[1]?.position ?? 0n, 1_000)).toBe(true);
      expect(await totals()).toEqual({ a: 3 });
      expect(failures).toEqual([]);
    });

    it('tries again while the disk is full, or the server is gone, without parking anything, and recovers without hands', async () => {
      const limit = (pages: number): Promise<unknown> => model.database.query(sql`PRAGMA max_page_count = ${literal(String(pages))}`);
      if (kind === 'SQLite') await limit(1);
      else await (await testPostgres()).kill();
      for (let i = 0; i < 400; i += 1) await add(`s${i}`.padEnd(200, 'x'), i);
      const projector = new Projector(model.database, [countingProjection()]);
      follow(projector);
      const last = (await all()).at(-1)?.position ?? 0n;
      expect(await projector.progress.waitFor(last, 300)).toBe(false);
      expect(failures.length).toBeGreaterThan(0);
      if (kind === 'SQLite') expect(projector.progress.lag(Date.now()).events).toBe(400);
      if (kind === 'SQLite') await limit(100_000);
      else await (await testPostgres()).start();
      expect(await projector.progress.waitFor(last, 6_000)).toBe(true);
      expect(Object.keys(await totals())).toHaveLength(400);
      expect(await model.database.query(sql`SELECT * FROM parked_event`)).toEqual([]);
    });
  });
});
