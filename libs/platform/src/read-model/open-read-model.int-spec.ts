import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { ReadModelConfig } from '../config/config.js';
import type { ReadModelDatabase } from './database.js';
import { openProcessTables, openReadModel, openReadModelReader } from './open-read-model.js';
import { ProcessCheckpoints, processCheckpointPart } from './process-checkpoints.js';
import { sql } from './sql.js';
import { subscriptionPart } from './subscription-tables.js';
import { countingPart } from './testing/counting.projection.js';
import type { StreamCountRow } from './testing/counting.projection.js';
import { testReadModel } from './testing/test-databases.js';
import type { Table } from './table.js';

const readModel = { kind: 'embedded' } as const;
const [streamCount] = countingPart.tables as readonly [Table<StreamCountRow>];
const count = async (database: ReadModelDatabase): Promise<number> => (await database.query(sql`SELECT stream FROM stream_count`)).length;

describe('opening the read model', () => {
  let dataDir: string;
  let setAside: string[];
  const open = (): Promise<ReadModelDatabase> => openReadModel({ readModel, dataDir, parts: [countingPart], setAside: (_, reason) => setAside.push(reason) });
  const write = (database: ReadModelDatabase, stream = 'a'): Promise<void> => database.transaction((tx) => tx.upsert(streamCount, [{ stream, revision: 0, total: 1n }]));
  const file = (): string => join(dataDir, 'read-model.db');

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'countersign-open-'));
    setAside = [];
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const filled = async (): Promise<void> => {
    const database = await open();
    await write(database);
    await database.close();
  };

  it('makes the tables that the entities describe', async () => {
    await filled();
    const sqlite = new Sqlite(file());
    for (const { name, entity } of [...subscriptionPart.tables, ...countingPart.tables]) {
      const columns = sqlite.prepare<[], { name: string; notnull: number }>(`PRAGMA table_info(${name})`).all();
      const described = Object.values(entity.options.columns).map((column) => (column as { name: string }).name);
      expect(columns.map((c) => c.name)).toEqual(described);
    }
    expect(sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
    sqlite.close();
  });

  it('keeps what was written', async () => {
    await filled();
    const again = await open();
    expect(await count(again)).toBe(1);
    expect(setAside).toEqual([]);
    await again.close();
  });

  it.each([
    ['is no database', () => writeFileSync(file(), 'x'.repeat(10_000))],
    ['was cut off', () => truncateSync(file(), 5_000)],
    ['was found damaged while in use', () => writeFileSync(`${file()}.damaged`, '')],
  ])('puts a file aside that %s, and begins anew', async (_, spoil) => {
    await filled();
    spoil();
    const again = await open();
    expect(await count(again)).toBe(0);
    await write(again);
    await again.close();
    expect(setAside).toHaveLength(1);
    expect(readdirSync(dataDir).sort()).toEqual(['read-model.db', 'read-model.db.aside']);
    await (await open()).close();
    expect(setAside).toHaveLength(1);
  });

  it('notes damage that shows while the file is in use', async () => {
    await filled();
    const database = await open();
    const sqlite = new Sqlite(file());
    for (let i = 0; i < 200; i += 1) sqlite.prepare('INSERT INTO stream_count VALUES (?, 0, 0)').run(`${i}`.padEnd(1_000, 'x'));
    sqlite.pragma('wal_checkpoint(TRUNCATE)');
    const pages = sqlite.pragma('page_count', { simple: true }) as number;
    sqlite.close();
    const broken = openSync(file(), 'r+');
    writeSync(broken, Buffer.alloc((pages - 5) * 4_096, 0xff), 0, (pages - 5) * 4_096, 5 * 4_096);
    closeSync(broken);
    await expect(count(database)).rejects.toThrow(StoreUnavailableError);
    await database.close();
    expect(existsSync(`${file()}.damaged`)).toBe(true);
  });

  it('puts a file of a newer release aside', async () => {
    await filled();
    const sqlite = new Sqlite(file());
    sqlite.prepare("INSERT INTO schema_migration (timestamp, name) VALUES (9, 'FromTheFuture')").run();
    sqlite.close();
    const again = await open();
    expect(await count(again)).toBe(0);
    expect(setAside).toEqual([expect.stringContaining('FromTheFuture')]);
    await again.close();
  });

  it('gives readers what is committed, and nothing to write', async () => {
    const writer = await open();
    const reader = await openReadModelReader({ readModel, dataDir });
    await write(writer);
    expect(await count(reader)).toBe(1);
    await expect(write(reader)).rejects.toThrow('SQLITE_READONLY');
    await writer.transaction(async (tx) => {
      await tx.upsert(streamCount, [{ stream: 'b', revision: 0, total: 1n }]);
      expect(await count(reader)).toBe(1);
    });
    expect(await count(reader)).toBe(2);
    await reader.close();
    await writer.close();
  });

  it('rule 12: keeps checkpoints of process managers apart from the read model', async () => {
    const options = { readModel, dataDir, parts: [processCheckpointPart] };
    const processes = await openProcessTables(options);
    const checkpoint = { storeId: 's', position: '12', eventId: 'e' };
    await new ProcessCheckpoints(processes).save('settle', { storeId: 's', position: '5', eventId: 'd' });
    await new ProcessCheckpoints(processes).save('settle', checkpoint);
    await processes.close();
    await filled();
    writeFileSync(file(), 'x'.repeat(10_000));
    await (await open()).close();
    const again = await openProcessTables(options);
    expect(await new ProcessCheckpoints(again).load('settle')).toEqual(checkpoint);
    expect(await new ProcessCheckpoints(again).load('other')).toBeUndefined();
    await again.close();
  });
});

describe('opening the read model in PostgreSQL', () => {
  const open = async (config?: ReadModelConfig): Promise<{ readonly readModel: ReadModelConfig; readonly database: ReadModelDatabase }> => {
    const where = config ?? (await testReadModel('PostgreSQL'));
    return { readModel: where, database: await openReadModel({ readModel: where, dataDir: '', parts: [countingPart] }) };
  };

  it('makes the tables that the entities describe, whoever comes first', async () => {
    const where = await testReadModel('PostgreSQL');
    const opened = await Promise.all([open(where), open(where), open(where)]);
    for (const { name, entity } of [...subscriptionPart.tables, ...countingPart.tables]) {
      const columns = await opened[0].database.query<{ name: string }>(sql`SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'countersign_rows' AND table_name = ${name} ORDER BY ordinal_position`);
      expect(columns.map((c) => c.name)).toEqual(Object.values(entity.options.columns).map((column) => (column as { name: string }).name));
    }
    await Promise.all(opened.map(({ database }) => database.close()));
  });

  it('leaves what a newer release made to a rebuild: that release may be running', async () => {
    const { readModel: where, database } = await open();
    await database.transaction((tx) => tx.run(sql`INSERT INTO schema_migration (timestamp, name) VALUES (9, 'FromTheFuture')`));
    await expect(open(where)).rejects.toThrow('FromTheFuture');
    await database.close();
  });

  it('gives readers nothing to write, and rows as soon as there are any', async () => {
    const where = await testReadModel('PostgreSQL');
    const reader = await openReadModelReader({ readModel: where, dataDir: '' });
    await expect(count(reader)).rejects.toThrow(StoreUnavailableError);
    const { database } = await open(where);
    expect(await count(reader)).toBe(0);
    await expect(reader.transaction((tx) => tx.upsert(streamCount, [{ stream: 'a', revision: 0, total: 1n }]))).rejects.toThrow('25006');
    await reader.close();
    await database.close();
  });
});
