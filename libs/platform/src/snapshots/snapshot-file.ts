import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { Snapshot } from '#eventing/snapshot-store.port.js';

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE snapshots (
    stream TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    sum BLOB NOT NULL,
    saved INTEGER NOT NULL
  );
  CREATE UNIQUE INDEX snapshots_by_age ON snapshots (saved);
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

interface Row {
  readonly stream: string;
  readonly revision: number;
  readonly event_id: string;
  readonly version: string;
  readonly state: string;
  readonly sum: Buffer;
}

/** SQLite notices a broken page, not a wrong byte in a row; authority is decided from these states, so each row proves itself. */
const sumOf = (s: Snapshot): Buffer => createHash('sha256').update(JSON.stringify([s.stream, s.revision, s.eventId, s.version, s.state])).digest();

const openDatabase = (file: string): Database.Database => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
  const db = new Sqlite(file, { timeout: 0 });
  try {
    db.pragma('locking_mode = EXCLUSIVE');
    // Nothing is flushed: what a power loss leaves may be torn, and is then made anew.
    db.pragma('synchronous = OFF');
    db.pragma('journal_mode = WAL');
    const version = db.pragma('user_version', { simple: true });
    if (version === 0) db.transaction(() => db.exec(SCHEMA))();
    else if (version !== SCHEMA_VERSION) throw new Error(`snapshots of version ${String(version)}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** The file as it is: every method throws what SQLite throws. */
export class SnapshotFile {
  readonly #db: Database.Database;
  readonly #load;
  readonly #save;
  readonly #drop;
  readonly #dropOldest;
  #streams: number;
  #saved: number;

  constructor(file: string, private readonly maxStreams: number) {
    this.#db = openDatabase(file);
    try {
      this.#load = this.#db.prepare<[string], Row>('SELECT stream, revision, event_id, version, state, sum FROM snapshots WHERE stream = ?');
      this.#save = this.#db.prepare<[string, number, string, string, string, Buffer, number]>(
        `INSERT INTO snapshots (stream, revision, event_id, version, state, sum, saved) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, event_id = excluded.event_id, version = excluded.version, state = excluded.state, sum = excluded.sum, saved = excluded.saved`,
      );
      this.#drop = this.#db.prepare<[string]>('DELETE FROM snapshots WHERE stream = ?');
      this.#dropOldest = this.#db.prepare<[number]>('DELETE FROM snapshots WHERE saved IN (SELECT saved FROM snapshots ORDER BY saved LIMIT ?)');
      this.#streams = this.#number('SELECT count(*) FROM snapshots');
      this.#saved = this.#number('SELECT coalesce(max(saved), 0) FROM snapshots');
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  load(stream: string): Snapshot | undefined {
    const row = this.#load.get(stream);
    if (row === undefined) return undefined;
    const snapshot = { stream: row.stream, revision: row.revision, eventId: row.event_id, version: row.version, state: row.state };
    return row.sum.equals(sumOf(snapshot)) ? snapshot : undefined;
  }

  save(snapshot: Snapshot): void {
    const isNew = this.#load.get(snapshot.stream) === undefined;
    this.#save.run(snapshot.stream, snapshot.revision, snapshot.eventId, snapshot.version, snapshot.state, sumOf(snapshot), ++this.#saved);
    if (isNew) this.#streams += 1;
    const tooMany = this.#streams - this.maxStreams;
    if (tooMany > 0) this.#streams -= this.#dropOldest.run(tooMany).changes;
  }

  drop(stream: string): void {
    this.#streams -= this.#drop.run(stream).changes;
  }

  close(): void {
    this.#db.close();
  }

  #number(query: string): number {
    const value: unknown = this.#db.prepare(query).pluck().get();
    if (typeof value !== 'number') throw new TypeError('a count is no number');
    return value;
  }
}

/** Removes the file with its log. @throws when a folder is in its place: that one is somebody's. */
export const removeSnapshotFile = (file: string): void => {
  for (const name of [`${file}-wal`, `${file}-shm`, `${file}-journal`, file]) rmSync(name, { force: true });
};
