import { closeSync, openSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { APPLICATION_ID, SCHEMA_VERSION, bringUpToDate, fact } from './ledger-schema.js';

/** A commit that was held up by a full disk leaves a long log behind; it is cut to this once it is written back. */
const WAL_BYTES_KEPT = 8 * 1024 * 1024;

/** The open file, and the inode that says whether it is still the one in the folder. */
export interface LedgerDatabase {
  readonly db: Database.Database;
  readonly ledgerId: string;
  readonly pinSalt: string;
  readonly inode: number;
}

/**
 * Opens the ledger's file, makes it when `create` says so, and brings an older one up to date. Locked against other processes for as long as it is open.
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
    const version = Number(db.pragma('user_version', { simple: true }));
    const blank = id === 0 && version === 0 && db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
    if (!blank && id !== APPLICATION_ID) throw new Error('the file is no ledger');
    if (!blank && (version < 1 || version > SCHEMA_VERSION)) throw new Error(`the ledger has version ${version}, this program knows ${SCHEMA_VERSION}`);
    if (blank && !options.create) throw new Error('the ledger has become empty');
    if (db.pragma('journal_mode = WAL', { simple: true }) !== 'wal') throw new Error('the file system of the ledger cannot keep a write-ahead log');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`journal_size_limit = ${WAL_BYTES_KEPT}`);
    bringUpToDate(db, version);
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
