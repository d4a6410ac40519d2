import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { sqliteCode } from './sqlite-error.js';

/** Another process, or another lock of this one, works on the folder. */
export class DataFolderLockedError extends Error {
  override readonly name = 'DataFolderLockedError';
  constructor(readonly dir: string) {
    super(`${dir} is in use by another process`);
  }
}

export interface DataFolderLock {
  readonly dir: string;
  release(): void;
}

/** Makes the folder and what is missing above it, for its owner alone, and makes their names durable: a power loss must not take away the folder of acknowledged events. */
export const createFolder = (dir: string): void => {
  const first = mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let folder = dirname(resolve(dir)); ; folder = dirname(folder)) {
    const handle = openSync(folder, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (folder === top || folder === dirname(folder)) return;
  }
};

/** A connection that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<Database.Database>();

/**
 * Holds the folder exclusively until `release`, or until the process ends, however it ends (rule 11): the lock is the kernel's, on `.lock`, so none is left behind.
 * Creates the folder (mode 0700) where there is none.
 * @throws DataFolderLockedError when it is held already, also by this process
 */
export const lockDataFolder = (dir: string): DataFolderLock => {
  createFolder(dir);
  const database = new Sqlite(join(dir, '.lock'), { timeout: 0 });
  try {
    database.pragma('journal_mode = MEMORY');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (sqliteCode(error)?.startsWith('SQLITE_BUSY') === true) throw new DataFolderLockedError(dir);
    throw error;
  }
  held.add(database);
  return {
    dir,
    release: () => {
      held.delete(database);
      database.close();
    },
  };
};
