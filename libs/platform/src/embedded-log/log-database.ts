import { randomUUID } from 'node:crypto';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { COPIED_PAGES, SCAN_WINDOW } from './limits.js';
import type { WireEvent, WireNewEvent } from './protocol.js';

export const LOG_APPLICATION_ID = 0x43534c47;
export const LOG_SCHEMA_VERSION = 1;
// No index on ids: an idempotent append is recognised by (stream, revision), and an index on random ids would halve the speed of appends.
const SCHEMA = `
  CREATE TABLE store (id TEXT NOT NULL) STRICT;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
`;
const COLUMNS = 'position, stream, revision, id, type, data, metadata';
/** Not the database that this log wrote: never served. */
export class ForeignDatabaseError extends Error {
  override readonly name = 'ForeignDatabaseError';
}

/** One connection to the file of the log, with its statements. Synchronous; every method throws SqliteError when the disk does not do its part. */
export class LogDatabase {
  readonly storeId: string;
  readonly #database: Database.Database;
  readonly #begin: Database.Statement<[]>;
  readonly #commit: Database.Statement<[]>;
  readonly #rollback: Database.Statement<[]>;
  readonly #insert: Database.Statement<[number, string, number, string, string, string, string]>;
  readonly #head: Database.Statement<[string], number>;
  readonly #last: Database.Statement<[], number | null>;
  readonly #stored: Database.Statement<[string, number, number], readonly [id: string, position: number]>;
  readonly #forward: Database.Statement<[string, number, number, number], WireEvent>;
  readonly #backward: Database.Statement<[string, number, number, number], WireEvent>;
  readonly #at: Database.Statement<[number], WireEvent>;
  readonly #scans = new Map<string, Database.Statement<unknown[], WireEvent>>();

  constructor(database: Database.Database) {
    this.#database = database;
    const row = database.prepare<[], { id: string }>('SELECT id FROM store').get();
    if (row === undefined) throw new ForeignDatabaseError('the event log has no store id');
    this.storeId = row.id;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#insert = database.prepare(`INSERT INTO event (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#head = database.prepare<[string], number>('SELECT revision FROM event WHERE stream = ? ORDER BY revision DESC LIMIT 1').pluck();
    this.#last = database.prepare<[], number | null>('SELECT max(position) FROM event').pluck();
    this.#stored = database.prepare<[string, number, number], readonly [string, number]>('SELECT id, position FROM event WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?').raw();
    const ofStream = (comparison: string, order: string) =>
      database.prepare<[string, number, number, number], WireEvent>(`SELECT ${COLUMNS} FROM event WHERE stream = ? AND revision ${comparison} ? AND position <= ? ORDER BY revision ${order} LIMIT ?`).raw();
    this.#forward = ofStream('>=', 'ASC');
    this.#backward = ofStream('<=', 'DESC');
    this.#at = database.prepare<[number], WireEvent>(`SELECT ${COLUMNS} FROM event WHERE position = ?`).raw();
  }

  begin(): void {
    this.#begin.run();
  }
  commit(): void {
    this.#commit.run();
  }
  /** Ends an open transaction. SQLite itself may have ended it. */
  rollback(): void {
    if (this.#database.inTransaction) this.#rollback.run();
  }
  insert(position: number, stream: string, revision: number, [id, type, data, metadata]: WireNewEvent): void {
    this.#insert.run(position, stream, revision, id, type, data, metadata);
  }
  /** Revision of the stream's last event, -1 for a missing stream. */
  head(stream: string): number {
    return this.#head.get(stream) ?? -1;
  }
  /** Position of the last event, 0 in an empty log. */
  last(): number {
    return this.#last.get() ?? 0;
  }
  /** Ids and positions of up to `count` events of a stream from a revision on. */
  stored(stream: string, from: number, count: number): readonly (readonly [id: string, position: number])[] {
    return this.#stored.all(stream, from, count);
  }
  /** Events of a stream up to the position `visible`; lazily, to be stopped early. */
  ofStream(stream: string, from: number, visible: number, limit: number, backward: boolean): IterableIterator<WireEvent> {
    return (backward ? this.#backward : this.#forward).iterate(stream, from, visible, limit);
  }
  at(position: number): WireEvent | undefined {
    return this.#at.get(position);
  }
  /** Events with `low` < position <= `high` whose stream starts with a prefix; lazily. At most SCAN_WINDOW positions. */
  scan(low: number, high: number, prefixes: readonly string[], limit: number, backward: boolean): IterableIterator<WireEvent> {
    if (high - low > SCAN_WINDOW) throw new RangeError('a scan looks through one window');
    const key = `${prefixes.length} ${backward}`;
    let statement = this.#scans.get(key);
    if (statement === undefined) {
      const filter = prefixes.length === 0 ? '' : `AND (${prefixes.map(() => 'substr(stream, 1, length(?)) = ?').join(' OR ')})`;
      statement = this.#database.prepare<unknown[], WireEvent>(`SELECT ${COLUMNS} FROM event WHERE position > ? AND position <= ? ${filter} ORDER BY position ${backward ? 'DESC' : 'ASC'} LIMIT ?`).raw();
      this.#scans.set(key, statement);
    }
    return statement.iterate(low, high, ...prefixes.flatMap((prefix) => [prefix, prefix]), limit);
  }
  /**
   * Makes all that this connection can read durable in the database file and empties the write-ahead log. What a crash or a failed
   * fsync left in the write-ahead log is readable without being on the disk; after this it is.
   */
  settle(): void {
    this.#checkpoint('TRUNCATE');
  }
  /** Folds the write-ahead log into the database. */
  checkpoint(): void {
    this.#checkpoint('PASSIVE');
  }
  /**
   * Copies everything to a new file, some pages a turn of the event loop: what this connection writes meanwhile is in the copy as well.
   * @param advanced told after each turn; what it throws ends the copying
   */
  async copyTo(file: string, advanced: (pages: number, of: number) => void): Promise<void> {
    await this.#database.backup(file, {
      progress: ({ totalPages, remainingPages }) => {
        advanced(totalPages - remainingPages, totalPages);
        return COPIED_PAGES;
      },
    });
  }
  close(): void {
    this.#database.close();
  }

  #checkpoint(mode: 'TRUNCATE' | 'PASSIVE'): void {
    const busy = this.#database.pragma(`wal_checkpoint(${mode})`, { simple: true });
    if (busy !== 0) throw new Sqlite.SqliteError('the write-ahead log could not be folded in', 'SQLITE_BUSY');
  }
}

/** Opens the file and holds it alone (rule 11). `create` also makes a new store where there is none; without it a missing file is an error. */
export const openLogDatabase = (file: string, create: boolean): LogDatabase => {
  const database = new Sqlite(file, { fileMustExist: !create, timeout: 0 });
  try {
    // EXCLUSIVE before the first access: nobody else reads or writes the file, and no shared-memory file is needed.
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('fullfsync = ON');
    database.pragma('checkpoint_fullfsync = ON');
    database.pragma('wal_autocheckpoint = 0');
    database.pragma('cache_size = -8192');
    database.pragma('cell_size_check = ON');
    database.pragma('trusted_schema = OFF');
    prepareSchema(database, create);
    return new LogDatabase(database);
  } catch (error) {
    database.close();
    throw error;
  }
};

const prepareSchema = (database: Database.Database, create: boolean): void => {
  const version = database.pragma('user_version', { simple: true });
  const application = database.pragma('application_id', { simple: true });
  if (version === LOG_SCHEMA_VERSION && application === LOG_APPLICATION_ID) return;
  const tables = database.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
  if (version !== 0 || application !== 0 || tables !== 0 || !create) throw new ForeignDatabaseError(`not an event log of version ${LOG_SCHEMA_VERSION}`);
  // One transaction: a crash leaves an empty file, which the next start fills, or a whole store.
  database.transaction(() => {
    database.exec(SCHEMA);
    database.prepare('INSERT INTO store (id) VALUES (?)').run(randomUUID());
    database.pragma(`user_version = ${LOG_SCHEMA_VERSION}`);
    database.pragma(`application_id = ${LOG_APPLICATION_ID}`);
  }).immediate();
};
