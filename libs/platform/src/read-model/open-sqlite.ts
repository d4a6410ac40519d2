import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { ReadModelDatabase } from './database.js';
import { sql } from './sql.js';
import { isDamage, SqliteConnections } from './sqlite-connections.js';
import { MIGRATIONS } from './table.js';
import type { ReadModelPart } from './table.js';

const BUSY_TIMEOUT_MS = 5_000;
/** Pages that a writer's and a reader's connection keep, in KiB. */
const WRITER_CACHE_KIB = { 'read-model': 16 * 1024, processes: 2 * 1024 } as const;
const READER_CACHE_KIB = 8 * 1024;
/** The write-ahead log is folded in when it has so many pages (of 4 KiB). */
const CHECKPOINT_PAGES = 4_000;

export interface SqliteOptions {
  /** An existing folder. */
  readonly dataDir: string;
  readonly parts: readonly ReadModelPart[];
  /** A file was put aside, and why. */
  readonly setAside?: (file: string, reason: string) => void;
}

/** The rows of `read-model.db` for a thread that only reads; the writer has opened it. @throws StoreUnavailableError */
export async function openSqliteReader(dataDir: string): Promise<ReadModelDatabase> {
  const dataSource = sqlite(join(dataDir, 'read-model.db'), [], (database) => {
    database.pragma(`cache_size = -${READER_CACHE_KIB}`);
    database.pragma('query_only = ON');
  });
  return new ReadModelDatabase(new SqliteConnections(await initialized(dataSource)));
}

/**
 * All that these files hold can be had again from the events: what is broken or of a newer release is put aside and begun anew.
 * Damage that shows only later is noted beside the file, for the next start: others have it open.
 */
export async function openSqlite(name: keyof typeof WRITER_CACHE_KIB, { dataDir, parts, setAside }: SqliteOptions): Promise<ReadModelDatabase> {
  const file = join(dataDir, `${name}.db`);
  const note = `${file}.damaged`;
  const putAside = (reason: string): void => {
    // One of them is kept, for whoever wants to know; without the file its write-ahead log means nothing.
    if (existsSync(file)) renameSync(file, `${file}.aside`);
    for (const rest of [`${file}-wal`, `${file}-shm`, note]) rmSync(rest, { force: true });
    setAside?.(`${file}.aside`, reason);
  };
  if (existsSync(note)) putAside('it was found damaged while it was in use');
  for (let again = false; ; again = true) {
    const dataSource = sqlite(file, parts, (database) => {
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = NORMAL');
      database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
      database.pragma(`cache_size = -${WRITER_CACHE_KIB[name]}`);
    });
    try {
      await initialized(dataSource);
      const database = new ReadModelDatabase(new SqliteConnections(dataSource, () => noted(note)));
      const known = new Set(dataSource.migrations.map((m) => m.name));
      const newer = (await database.query<{ name: string }>(sql`SELECT name FROM schema_migration`)).find((m) => !known.has(m.name ?? ''));
      if (newer === undefined) return database;
      await database.close();
      if (again) throw new StoreUnavailableError(`${file}: schema ${newer.name} is unknown`);
      putAside(`a newer release wrote it (${newer.name})`);
    } catch (error) {
      if (dataSource.isInitialized) await dataSource.destroy();
      if (again || !(isDamage(error) || (error instanceof StoreUnavailableError && isDamage(error.cause)))) throw error;
      putAside(error instanceof Error ? error.message : String(error));
    }
  }
}

/** On a disk that takes not even that, the next damage is noted. */
function noted(note: string): void {
  try {
    writeFileSync(note, '');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

async function initialized(dataSource: DataSource): Promise<DataSource> {
  try {
    return await dataSource.initialize();
  } catch (error) {
    // TypeORM leaves the connection open when a migration fails.
    if (dataSource.isInitialized) await dataSource.destroy();
    throw new StoreUnavailableError(`the read model can't be opened: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

const sqlite = (file: string, parts: readonly ReadModelPart[], prepareDatabase: (database: Database.Database) => void): DataSource =>
  new DataSource({
    type: 'better-sqlite3',
    driver: Sqlite,
    database: file,
    timeout: BUSY_TIMEOUT_MS,
    statementCacheSize: 400,
    entities: parts.flatMap((p) => p.tables.map((t) => t.entity)),
    migrations: parts.flatMap((p) => [...p.migrations]),
    migrationsTableName: MIGRATIONS,
    migrationsRun: parts.length > 0,
    migrationsTransactionMode: 'all',
    synchronize: false,
    logging: false,
    prepareDatabase,
  });
