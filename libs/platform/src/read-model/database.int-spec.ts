import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { ReadModelDatabase } from './database.js';
import { ROWS_SCHEMA } from './lease-table.js';
import { openReadModelReader } from './open-read-model.js';
import { PostgresConnections } from './postgres-connections.js';
import { literal, sql } from './sql.js';
import { countingPart } from './testing/counting.projection.js';
import type { StreamCountRow } from './testing/counting.projection.js';
import { temporaryReadModel } from './testing/temporary-read-model.js';
import type { TemporaryReadModel } from './testing/temporary-read-model.js';
import { TEST_DATABASES, testPostgres } from './testing/test-databases.js';
import type { Table } from './table.js';

const [streamCount] = countingPart.tables as readonly [Table<StreamCountRow>];
const rows = sql`SELECT stream, CAST(revision AS TEXT) AS revision, CAST(total AS TEXT) AS total FROM stream_count ORDER BY stream`;
const one = (stream: string, total = 1n): StreamCountRow => ({ stream, revision: 0, total });

/** Everything that whoever logs an error could show. */
function shown(error: unknown): string {
  const seen = new Set<unknown>();
  return JSON.stringify(error, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return value;
    seen.add(value);
    return Object.fromEntries(Object.getOwnPropertyNames(value).map((name) => [name, (value as Record<string, unknown>)[name]]));
  });
}
const failureOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => undefined, (error: unknown) => error);

describe.each(TEST_DATABASES)('the connection to the read model on %s', (kind) => {
  let model: TemporaryReadModel;
  beforeEach(async () => {
    model = await temporaryReadModel([countingPart], kind);
  });
  afterEach(() => model.close());

  it('keeps integers of 64 bits exactly', async () => {
    await model.database.transaction((tx) => tx.upsert(streamCount, [one('a', 2n ** 63n - 1n)]));
    expect(await model.database.query(rows)).toEqual([{ stream: 'a', revision: '0', total: '9223372036854775807' }]);
    expect(await model.database.query(sql`SELECT stream FROM stream_count WHERE total > ${2n ** 63n - 2n}`)).toEqual([{ stream: 'a' }]);
  });

  it.each([0, 1, 2, 63, 64, 65, 500])('upserts %d rows, inserted and replaced', async (count) => {
    const of = (total: bigint): readonly StreamCountRow[] => Array.from({ length: count }, (_, i) => ({ stream: `s${String(i).padStart(4, '0')}`, revision: i, total }));
    await model.database.transaction((tx) => tx.upsert(streamCount, of(1n)));
    await model.database.transaction((tx) => tx.upsert(streamCount, of(2n)));
    expect(await model.database.query(rows)).toEqual(of(2n).map((r) => ({ stream: r.stream, revision: String(r.revision), total: '2' })));
  });

  it('takes back everything when the work throws, and goes on', async () => {
    const failing = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [one('a')]);
      throw new RangeError('mine');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await model.database.query(rows)).toEqual([]);
    await model.database.transaction((tx) => tx.upsert(streamCount, [one('b')]));
    expect(await model.database.query(rows)).toHaveLength(1);
  });

  it('does not take a transaction for committed of which a statement failed unseen', async () => {
    const work = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [one('a')]);
      await tx.run(sql`SELECT 1 FROM nowhere`).catch(() => undefined);
    });
    // SQLite takes back the statement alone.
    if (kind === 'PostgreSQL') await expect(work).rejects.toThrow('rolled back');
    else await work;
    expect(await model.database.query(rows)).toHaveLength(kind === 'PostgreSQL' ? 0 : 1);
  });

  it('shows nobody what is not committed', async () => {
    const first = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [one('a')]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new RangeError('mine');
    });
    const seen = model.database.query(rows);
    await expect(first).rejects.toThrow(RangeError);
    expect(await seen).toEqual([]);
  });

  it('runs transactions of one lock one after the other', async () => {
    const add = (): Promise<void> =>
      model.database.transaction(async (tx) => {
        const [row] = await tx.query<{ total: string }>(sql`SELECT CAST(total AS TEXT) AS total FROM stream_count WHERE stream = 'a'`);
        await new Promise((resolve) => setTimeout(resolve, 2));
        await tx.upsert(streamCount, [one('a', BigInt(row?.total ?? 0) + 1n)]);
      }, { lock: 'counting' });
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await model.database.query(rows)).toEqual([{ stream: 'a', revision: '0', total: '20' }]);
  });

  it('tells of database errors without the parameters', async () => {
    const error = await failureOf(model.database.query(sql`SELECT ${'secret'} FROM nowhere`));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(shown(error)).toContain(kind === 'SQLite' ? 'SQLITE_ERROR' : '42P01');
    expect(shown(error)).not.toContain('secret');
  });

  it('stores texts that are no good Unicode, and finds them again', async () => {
    const odd = 'a\u0000b\uD800c';
    await model.database.transaction((tx) => tx.upsert(streamCount, [one(odd)]));
    expect(await model.database.query(sql`SELECT revision FROM stream_count WHERE stream = ${odd}`)).toHaveLength(1);
  });
});

describe('the connection to SQLite', () => {
  it('fails while the disk is full, and works again when it is not', async () => {
    const model = await temporaryReadModel([countingPart], 'SQLite');
    const limit = (pages: number): Promise<unknown> => model.database.query(sql`PRAGMA max_page_count = ${literal(String(pages))}`);
    await limit(1);
    const large = Array.from({ length: 500 }, (_, i) => ({ stream: `s${i}`.padEnd(500, 'x'), revision: i, total: 1n }));
    const writing = (): Promise<void> => model.database.transaction((tx) => tx.upsert(streamCount, large));
    await expect(writing()).rejects.toThrow('SQLITE_FULL');
    await expect(writing()).rejects.toThrow('SQLITE_FULL');
    expect(await model.database.query(rows)).toEqual([]);
    await limit(100_000);
    await writing();
    expect(await model.database.query(rows)).toHaveLength(500);
    await model.close();
  });
});

describe('the connections to PostgreSQL', () => {
  let model: TemporaryReadModel;
  let url: string;
  beforeEach(async () => {
    model = await temporaryReadModel([countingPart], 'PostgreSQL');
    url = model.readModel.kind === 'postgres' ? model.readModel.url : '';
  });
  afterEach(() => model.close());
  const slow = sql`SELECT pg_sleep(0.3)`;

  it('read side by side, a few at once, and refuse more than may wait', async () => {
    const database = new ReadModelDatabase(new PostgresConnections(url, ROWS_SCHEMA, { connections: 3, waiting: 3, statementMs: 2_000 }));
    await Promise.all([1, 2, 3].map(() => database.query(sql`SELECT 1`)));
    const began = performance.now();
    const asked = Array.from({ length: 8 }, () => failureOf(database.query(slow)));
    const answers = await Promise.all(asked);
    expect(answers.filter((a) => a === undefined)).toHaveLength(6);
    for (const refused of answers.filter((a) => a !== undefined)) expect(refused).toEqual(new StoreUnavailableError('the read model: too many wait for a connection'));
    expect(performance.now() - began).toBeLessThan(1_500);
    await database.close();
  });

  it('cut off what takes too long, on either side', async () => {
    const database = new ReadModelDatabase(new PostgresConnections(url, ROWS_SCHEMA, { connections: 1, waiting: 3, statementMs: 100 }));
    await expect(database.query(slow)).rejects.toThrow('57014');
    const server = await testPostgres();
    await database.query(sql`SELECT 1`);
    server.pause();
    const began = performance.now();
    await expect(database.query(sql`SELECT 1`)).rejects.toThrow(StoreUnavailableError);
    expect(performance.now() - began).toBeLessThan(4_000);
    server.resume();
    expect(await database.query(sql`SELECT 1 AS v`)).toEqual([{ v: 1 }]);
    await database.close();
  });

  it('work again by themselves after the server was killed', async () => {
    const reader = await openReadModelReader(model);
    expect(await reader.query(rows)).toEqual([]);
    const open = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [one('a')]);
      await (await testPostgres()).kill();
      await tx.upsert(streamCount, [one('b')]);
    });
    await expect(open).rejects.toThrow(StoreUnavailableError);
    await expect(reader.query(rows)).rejects.toThrow(StoreUnavailableError);
    await (await testPostgres()).start();
    expect(await reader.query(rows)).toEqual([]);
    await model.database.transaction((tx) => tx.upsert(streamCount, [one('c')]));
    expect(await reader.query(rows)).toHaveLength(1);
    await reader.close();
  });

  it('never show the password', async () => {
    const secret = url.replace('countersign@', 'nobody:s3cret@');
    for (const wrong of [secret, secret.replace(/:\d+\//, ':1/'), secret.replace(/\/\w+$/, '/missing'), 'postgres://u:s3cret@%/x']) {
      const error = await failureOf((async () => (await openReadModelReader({ readModel: { kind: 'postgres', url: wrong }, dataDir: '' })).query(rows))());
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(shown(error)).not.toContain('s3cret');
    }
  });
});
