import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { StoredEvent } from './record.js';

const APPLICATION_ID = 0x45534643;
const SCHEMA = `
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    json INTEGER NOT NULL,
    created INTEGER NOT NULL,
    metadata BLOB NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (stream, revision)
  ) STRICT;
`;
const COLUMNS = 'position, stream, revision, id, type, json, created, metadata, data';
const PAGE_BYTES = 1024 * 1024;

type Row = readonly [position: number, stream: string, revision: number, id: string, type: string, json: number, created: number, metadata: Buffer, data: Buffer];
type Query = Database.Statement<(string | number)[], Row>;
/** Enough of an event to decide whether it is wanted. */
export type EventHead = readonly [position: number, stream: string, type: string];

const eventOf = ([position, stream, revision, id, type, json, created, metadata, data]: Row): StoredEvent =>
  ({ position, stream, revision, id, type, json: json === 1, created, metadata, data });

/** At least one event, then as many as a page holds. */
const page = (rows: IterableIterator<Row>): readonly StoredEvent[] => {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for (const row of rows) {
    const event = eventOf(row);
    events.push(event);
    bytes += event.data.length + event.metadata.length;
    if (bytes >= PAGE_BYTES) break;
  }
  return events;
};

/** The file, or the memory, in which the events are. Synchronous. A page ends early when it grows long: only an empty one is the end. */
export class EventDatabase {
  readonly #database: Database.Database;
  readonly #insert: Database.Statement<unknown[]>;
  readonly #last: Database.Statement<[], number | null>;
  readonly #head: Database.Statement<[string], number>;
  readonly #stored: Database.Statement<[string, number, number], readonly [string, number]>;
  readonly #exists: Database.Statement<[number], number>;
  readonly #at: Query;
  readonly #streamForward: Query;
  readonly #streamBackward: Query;
  readonly #allForward: Query;
  readonly #allBackward: Query;
  readonly #heads: Database.Statement<[number, number], EventHead>;

  /** @param file undefined keeps everything in memory */
  constructor(file: string | undefined) {
    const database = new Sqlite(file ?? ':memory:');
    this.#database = database;
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -32768');
    if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
      database.transaction(() => {
        database.exec(SCHEMA);
        database.pragma(`application_id = ${APPLICATION_ID}`);
      }).immediate();
    }
    const query = (rest: string): Query => database.prepare<(string | number)[], Row>(`SELECT ${COLUMNS} FROM event WHERE ${rest}`).raw();
    this.#insert = database.prepare(`INSERT INTO event (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#last = database.prepare<[], number | null>('SELECT max(position) FROM event').pluck();
    this.#head = database.prepare<[string], number>('SELECT revision FROM event WHERE stream = ? ORDER BY revision DESC LIMIT 1').pluck();
    this.#stored = database.prepare<[string, number, number], readonly [string, number]>('SELECT id, position FROM event WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?').raw();
    this.#exists = database.prepare<[number], number>('SELECT 1 FROM event WHERE position = ?').pluck();
    this.#at = query('position = ?');
    this.#streamForward = query('stream = ? AND revision >= ? AND revision <= ? ORDER BY revision LIMIT ?');
    this.#streamBackward = query('stream = ? AND revision >= ? AND revision <= ? ORDER BY revision DESC LIMIT ?');
    this.#allForward = query('position > ? ORDER BY position LIMIT ?');
    this.#allBackward = query('position < ? ORDER BY position DESC LIMIT ?');
    this.#heads = database.prepare<[number, number], EventHead>('SELECT position, stream, type FROM event WHERE position > ? ORDER BY position LIMIT ?').raw();
  }

  /** Runs it in one transaction: what it inserted is durable when this returns, or gone when it throws. */
  transaction<T>(work: () => T): T {
    return this.#database.transaction(work).immediate();
  }
  insert(event: StoredEvent): void {
    this.#insert.run(event.position, event.stream, event.revision, event.id, event.type, event.json ? 1 : 0, event.created, event.metadata, event.data);
  }
  /** Position of the last event, 0 without any. */
  last(): number {
    return this.#last.get() ?? 0;
  }
  /** Revision of the stream's last event, -1 without any. */
  head(stream: string): number {
    return this.#head.get(stream) ?? -1;
  }
  stored(stream: string, from: number, count: number): readonly (readonly [id: string, position: number])[] {
    return this.#stored.all(stream, from, count);
  }
  exists(position: number): boolean {
    return this.#exists.get(position) !== undefined;
  }
  at(position: number): StoredEvent | undefined {
    const row = this.#at.get(position);
    return row === undefined ? undefined : eventOf(row);
  }
  /** Events of a stream with `low` <= revision <= `high`. */
  ofStream(stream: string, low: number, high: number, limit: number, backward: boolean): readonly StoredEvent[] {
    return page((backward ? this.#streamBackward : this.#streamForward).iterate(stream, low, high, limit));
  }
  after(position: number, limit: number): readonly StoredEvent[] {
    return page(this.#allForward.iterate(position, limit));
  }
  before(position: number, limit: number): readonly StoredEvent[] {
    return page(this.#allBackward.iterate(position, limit));
  }
  headsAfter(position: number, limit: number): readonly EventHead[] {
    return this.#heads.all(position, limit);
  }
  close(): void {
    this.#database.close();
  }
}
