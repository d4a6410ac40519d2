import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { literal, sql } from './sql.js';
import { countingPart } from './testing/counting.projection.js';
import type { StreamCountRow } from './testing/counting.projection.js';
import { temporaryReadModel } from './testing/temporary-read-model.js';
import type { TemporaryReadModel } from './testing/temporary-read-model.js';
import type { Table } from './table.js';

const [streamCount] = countingPart.tables as readonly [Table<StreamCountRow>];
const rows = sql`SELECT stream, revision, CAST(total AS TEXT) AS total FROM stream_count ORDER BY stream`;

describe('the connection to the read model', () => {
  let model: TemporaryReadModel;
  beforeEach(async () => {
    model = await temporaryReadModel([countingPart]);
  });
  afterEach(() => model.close());

  it('keeps integers of 64 bits exactly', async () => {
    await model.database.transaction((tx) => tx.upsert(streamCount, [{ stream: 'a', revision: 0, total: 2n ** 63n - 1n }]));
    expect(await model.database.query(rows)).toEqual([{ stream: 'a', revision: 0, total: '9223372036854775807' }]);
    expect(await model.database.query(sql`SELECT stream FROM stream_count WHERE total > ${2n ** 63n - 2n}`)).toEqual([{ stream: 'a' }]);
  });

  it.each([0, 1, 2, 63, 64, 65, 500])('upserts %d rows, inserted and replaced', async (count) => {
    const of = (total: bigint): readonly StreamCountRow[] => Array.from({ length: count }, (_, i) => ({ stream: `s${String(i).padStart(4, '0')}`, revision: i, total }));
    await model.database.transaction((tx) => tx.upsert(streamCount, of(1n)));
    await model.database.transaction((tx) => tx.upsert(streamCount, of(2n)));
    expect(await model.database.query(rows)).toEqual(of(2n).map((r) => ({ ...r, total: '2' })));
  });

  it('takes back everything when the work throws, and goes on', async () => {
    const failing = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [{ stream: 'a', revision: 0, total: 1n }]);
      throw new RangeError('mine');
    });
    await expect(failing).rejects.toThrow(RangeError);
    expect(await model.database.query(rows)).toEqual([]);
    await model.database.transaction((tx) => tx.upsert(streamCount, [{ stream: 'b', revision: 0, total: 1n }]));
    expect(await model.database.query(rows)).toHaveLength(1);
  });

  it('runs transactions and queries one after the other', async () => {
    const first = model.database.transaction(async (tx) => {
      await tx.upsert(streamCount, [{ stream: 'a', revision: 0, total: 1n }]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      throw new RangeError('mine');
    });
    const seen = model.database.query(rows);
    await expect(first).rejects.toThrow(RangeError);
    expect(await seen).toEqual([]);
  });

  it('tells of database errors without the parameters', async () => {
    const error: unknown = await model.database.query(sql`SELECT ${'secret'} FROM nowhere`).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    const seen = new Set<unknown>();
    const text = JSON.stringify(error, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || seen.has(value)) return value;
      seen.add(value);
      return Object.fromEntries(Object.getOwnPropertyNames(value).map((name) => [name, (value as Record<string, unknown>)[name]]));
    });
    expect(text).toContain('SQLITE_ERROR');
    expect(text).not.toContain('secret');
  });

  it('fails while the disk is full, and works again when it is not', async () => {
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
  });
});
