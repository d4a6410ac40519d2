import { PassThrough } from 'node:stream';
import { allProjections, READ_MODEL_PARTS } from '#apps/worker/src/read-model-parts.js';
import { rebuildProjections } from '#apps/worker/src/rebuild.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { pause } from '#eventing/pause.js';
import { SqlPendingOperations } from '#operations/adapters/projections/sql-pending-operations.js';
import { followReadModel } from '#platform/read-model/follow-read-model.js';
import { openReadModelReader } from '#platform/read-model/open-read-model.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { Projector } from '#platform/read-model/projector.js';
import { rebuildBeside } from '#platform/read-model/rebuild-beside.js';
import { sql } from '#platform/read-model/sql.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { Dump, TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { operationHistory } from '#test/bench/operation-history.js';

const PENDING = 100;
const NOW = '2026-01-01T00:00:00.000Z';
const approver = { issuer: 'i', subject: 'somebody', roles: ['approver'], groups: ['firmware-approvers'] } as const;

describe('a rebuild beside live rows in PostgreSQL', () => {
  let model: TemporaryReadModel;
  let reader: ReadModelDatabase;
  let store: MemoryEventStore;
  let stop: AbortController;
  let following: Promise<void> | undefined;
  let projector: Projector;
  const told: string[] = [];
  beforeEach(async () => {
    model = await temporaryReadModel(READ_MODEL_PARTS, 'PostgreSQL');
    reader = await openReadModelReader(model);
    store = new MemoryEventStore();
    stop = new AbortController();
    told.length = 0;
    projector = new Projector(model.database, allProjections(), { rebuilding: (reason) => told.push(reason), parked: (event) => told.push(event.error) });
  });
  afterEach(async () => {
    stop.abort();
    await following;
    await reader.close();
    await model.close();
  });

  /** Operation `n` as far as it was requested, or all of it. */
  const add = async (n: number, whole = false): Promise<void> => {
    for (const append of operationHistory(n).slice(0, whole ? undefined : 1)) await store.append(append.stream, append.expected, append.events);
  };
  const head = async (): Promise<bigint> => (await store.readAll({ limit: 1, direction: 'backward' }))[0]?.position ?? 0n;
  const follow = async (): Promise<void> => {
    following = followReadModel({ store, projector, signal: stop.signal, failed: (error) => told.push(String(error)) });
    expect(await projector.progress.waitFor(await head(), 10_000)).toBe(true);
  };
  const rebuilt = (signal = new AbortController().signal): ReturnType<typeof rebuildProjections> => rebuildProjections({ store, config: model, signal, output: new PassThrough() });
  const afresh = async (): Promise<Dump> => {
    const other = await temporaryReadModel(READ_MODEL_PARTS, 'SQLite');
    await new Projector(other.database, allProjections()).apply(await store.readAll({ limit: 1_000_000 }), await store.storeId());
    const dump = await other.dump();
    await other.close();
    return dump;
  };

  it('never leaves the queue empty, and who writes the rows goes on from the new ones', async () => {
    for (let n = 0; n < PENDING; n += 1) await add(n);
    for (let n = 0; n < 40; n += 1) await add(1_000 + n, true);
    await follow();
    const seen: number[] = [];
    const queue = new SqlPendingOperations(reader);
    let next = 2_000;
    const busy = new AbortController();
    const looking = (async () => {
      for (; !busy.signal.aborted; await pause(5)) seen.push((await queue.candidates(approver, [{ role: 'approver', group: '' }, ...approver.groups.map((group) => ({ role: 'approver', group }))], NOW, null, PENDING)).length);
    })();
    const working = (async () => {
      while (!busy.signal.aborted) {
        await add((next += 1), next % 10 === 0);
        await pause(5);
      }
    })();
    try {
      for (const _ of [1, 2]) expect((await rebuilt()).events).toBeGreaterThan(PENDING);
      await pause(300);
    } finally {
      busy.abort();
      await Promise.all([looking, working]);
    }
    expect(seen.length).toBeGreaterThan(20);
    expect(Math.min(...seen)).toBe(PENDING);
    expect(await projector.progress.waitFor(await head(), 10_000)).toBe(true);
    expect(await model.dump()).toEqual(await afresh());
    expect(told).toEqual(['there are none']);
  });

  it('may be ahead of who writes them, who then goes on from there', async () => {
    const history = operationHistory(1);
    const storeId = await store.storeId();
    const all = (): ReturnType<typeof store.readAll> => store.readAll({ limit: 1_000 });
    const [requested, ...later] = history;
    for (const append of requested === undefined ? [] : [requested]) await store.append(append.stream, append.expected, append.events);
    await projector.resume(store);
    await projector.apply(await all(), storeId);
    for (const append of later.slice(0, 10)) await store.append(append.stream, append.expected, append.events);
    await rebuilt();
    for (const append of later.slice(10)) await store.append(append.stream, append.expected, append.events);
    // As they were delivered to it: from where it stood, and in its memory the operation as it was then.
    await projector.apply((await all()).slice(1), storeId);
    expect(told).toEqual(['there are none']);
    expect(await model.dump()).toEqual(await afresh());
  });

  it('mends rows that who writes them still has in memory', async () => {
    for (let n = 0; n < 3; n += 1) await add(n);
    await follow();
    await model.database.transaction((tx) => tx.run(sql`UPDATE operation SET status = 'rejected', progress = '{}'`));
    await model.database.transaction((tx) => tx.run(sql`DELETE FROM queue_term`));
    await rebuilt();
    for (const append of operationHistory(1).slice(1)) await store.append(append.stream, append.expected, append.events);
    expect(await projector.progress.waitFor(await head(), 10_000)).toBe(true);
    expect(await model.dump()).toEqual(await afresh());
  });

  it('changes nothing when it ends early, and leaves nothing that the next one minds', async () => {
    for (let n = 0; n < 20; n += 1) await add(n, true);
    await follow();
    const before = await model.dump();
    const early = new AbortController();
    const options = { url: model.readModel.kind === 'postgres' ? model.readModel.url : '', parts: READ_MODEL_PARTS, store };
    await rebuildBeside({ ...options, projections: allProjections(), signal: early.signal, advanced: () => early.abort() });
    expect(await model.dump()).toEqual(before);
    const failing = { readAll: () => Promise.reject(new RangeError('mine')), storeId: () => store.storeId() } as unknown as MemoryEventStore;
    await expect(rebuildBeside({ ...options, store: failing, projections: allProjections(), signal: new AbortController().signal })).rejects.toThrow(RangeError);
    expect(await model.dump()).toEqual(before);
    await rebuilt();
    expect(await model.dump()).toEqual(before);
    const schemas = await model.database.query<{ name: string }>(sql`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'countersign%'`);
    expect(schemas).toEqual([{ name: 'countersign_rows' }]);
  });

  it('is done by one at a time', async () => {
    for (let n = 0; n < 20; n += 1) await add(n, true);
    const results = await Promise.allSettled([rebuilt(), rebuilt()]);
    expect(results.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await model.dump()).toEqual(await afresh());
  });
});
