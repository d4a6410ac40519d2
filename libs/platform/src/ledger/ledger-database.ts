import { randomBytes, randomUUID } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';

/** `ctsn`: no other program's database is taken for a ledger. */
const APPLICATION_ID = 0x6374_736e;
const SCHEMA_VERSION = 1;
/** A commit that was held up by a full disk leaves a long log behind; it is cut to this once it is written back. */
const WAL_BYTES_KEPT = 8 * 1024 * 1024;

const SCHEMA = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE flushes (only INTEGER PRIMARY KEY CHECK (only = 1), n INTEGER NOT NULL);
  CREATE TABLE names (name TEXT PRIMARY KEY, incarnation TEXT NOT NULL, held INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE intents (
    sign_order_id TEXT NOT NULL UNIQUE,
    signer TEXT NOT NULL,
    incarnation TEXT NOT NULL,
    operation_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    count INTEGER NOT NULL CHECK (count > 0),
    released INTEGER NOT NULL DEFAULT 0 CHECK (released BETWEEN 0 AND count),
    relied TEXT NOT NULL,
    signatures TEXT
  );
  CREATE TABLE spent (
    operation_id TEXT NOT NULL,
    key_id TEXT NOT NULL,
    uses INTEGER NOT NULL CHECK (uses >= 0),
    PRIMARY KEY (operation_id, key_id)
  ) WITHOUT ROWID;
  CREATE TABLE checkpoints (name TEXT PRIMARY KEY, store_id TEXT NOT NULL, position TEXT NOT NULL, event_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE failed_pins (number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE);
`;

/** The open file, and the inode that says whether it is still the one in the folder. */
export interface LedgerDatabase {
  readonly db: Database.Database;
  readonly ledgerId: string;
  readonly pinSalt: string;
  readonly inode: number;
}

const fact = (db: Database.Database, name: string): string => {
  const value: unknown = db.prepare('SELECT value FROM facts WHERE name = ?').pluck().get(name);
  if (typeof value !== 'string') throw new Error(`the ledger's file lacks its ${name}`);
  return value;
};

/**
 * Opens the ledger's file, makes it when `create` says so. Locked against other processes for as long as it is open.
 * @throws SqliteError, or Error when the file is no ledger or one of a newer version
 */
export function openLedgerDatabase(file: string, options: { readonly create: boolean }): LedgerDatabase {
  // Made by ourselves for its mode: only the signer's user reads it, and SQLite gives its log the same mode.
  if (options.create) closeSync(openSync(file, 'a', 0o600));
  const db = new Sqlite(file, { fileMustExist: true });
  try {
    // Before WAL is touched: with an exclusive lock the index of the log is in this process's memory, and no -shm file can be shared by mistake.
    db.pragma('locking_mode = EXCLUSIVE');
    const id = db.pragma('application_id', { simple: true });
    const version = db.pragma('user_version', { simple: true });
    const blank = id === 0 && version === 0 && db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
    if (!blank && id !== APPLICATION_ID) throw new Error('the file is no ledger');
    if (!blank && version !== SCHEMA_VERSION) throw new Error(`the ledger has version ${String(version)}, this program knows ${SCHEMA_VERSION}`);
    if (blank && !options.create) throw new Error('the ledger has become empty');
    if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') throw new Error('the file system of the ledger cannot keep a write-ahead log');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    if (blank) makeSchema(db);
    // What a lost process or a failed flush left in the log is written back and flushed before anything is added behind it:
    // a torn frame in the middle would end the log there, with all that was acknowledged after it.
    const [written] = db.pragma('wal_checkpoint(TRUNCATE)') as readonly { readonly busy: number }[];
    if (written?.busy !== 0) throw new Error('the log of the ledger could not be written back');
    return { db, ledgerId: fact(db, 'ledgerId'), pinSalt: fact(db, 'pinSalt'), inode: statSync(file).ino };
  } catch (error) {
    db.close();
    throw error;
  }
}

const makeSchema = (db: Database.Database): void => {
  db.transaction(() => {
    db.exec(SCHEMA);
    const add = db.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
    add.run('ledgerId', randomUUID());
    add.run('pinSalt', randomBytes(16).toString('base64'));
    db.exec('INSERT INTO flushes (only, n) VALUES (1, 0)');
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
};
