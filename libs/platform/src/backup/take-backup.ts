import { chmodSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '#kernel/clock.js';
import { createFolder, DataFolderLockedError, lockDataFolder } from '../data-folder/data-folder.js';
import { openLogDatabase } from '../embedded-log/log-database.js';
import { BackupFailedError, orderBackup } from '../embedded-log/order-backup.js';
import { BackupRefusedError } from './backup-refused-error.js';
import { flush, publish, sha256Of } from './durable-files.js';
import { inspectCopy, settleCopy } from './log-copy.js';
import { BACKUP_FILE, manifestOf, writeManifest } from './manifest.js';
import type { Manifest } from './manifest.js';

export interface BackupOptions {
  /** Of the service, running or not. */
  readonly dataDir: string;
  /** A folder that is empty or does not exist. Where the service runs, its user has to be able to write there. */
  readonly to: string;
  /** Of the product. */
  readonly version: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly signal: AbortSignal;
  readonly advanced?: (pages: number, of: number) => void;
}

/**
 * Copies the event log of a data folder and proves the copy. A running service makes the copy itself, while it works: nobody else can read its file. All that was
 * acknowledged before is in it, and of what comes meanwhile a beginning. The signer's ledger is no part of it (rule 16).
 * @throws BackupRefusedError; a folder without a manifest is then no backup
 */
export async function takeBackup(options: BackupOptions): Promise<Manifest> {
  const { dataDir, version, clock } = options;
  const to = resolve(options.to);
  const events = join(dataDir, 'events');
  if (!existsSync(join(events, 'events.db'))) throw new BackupRefusedError('NO_STORE', `${dataDir} holds no event store`);
  if (existsSync(to) && readdirSync(to).length > 0) throw new BackupRefusedError('NOT_EMPTY', `${to} is not empty; each backup has a folder of its own`);
  createFolder(to);
  const takenAt = new Date(clock.wall()).toISOString();
  const part = join(to, `${BACKUP_FILE}.part`);
  try {
    await copyLog(events, part, options);
    chmodSync(part, 0o600);
    settleCopy(part);
    const facts = inspectCopy(part);
    const file = join(to, BACKUP_FILE);
    publish(part, file);
    const manifest = manifestOf({ ...facts, version, takenAt }, { bytes: statSync(file).size, sha256: await sha256Of(file) });
    writeManifest(to, manifest);
    return manifest;
  } catch (error) {
    for (const rest of ['', '-wal', '-shm', '-journal']) rmSync(`${part}${rest}`, { force: true });
    if (error instanceof BackupRefusedError) throw error;
    throw new BackupRefusedError('FAILED', error instanceof BackupFailedError ? error.message : `no backup was made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** By the service that holds the log, else by ourselves, with the folder held so that none starts meanwhile. */
async function copyLog(events: string, to: string, { dataDir, signal, advanced = () => undefined }: BackupOptions): Promise<void> {
  const lock = lockOf(dataDir);
  if (lock === undefined) {
    return orderBackup(events, to, {
      signal,
      advanced: (pages, of) => {
        // Bit by bit and from here: at the end the log's thread waits for the flush of what is left.
        if (existsSync(to)) flush(to);
        advanced(pages, of);
      },
    });
  }
  try {
    const database = openLogDatabase(join(events, 'events.db'), false);
    try {
      await database.copyTo(to, (pages, of) => {
        signal.throwIfAborted();
        advanced(pages, of);
      });
    } finally {
      database.close();
    }
  } finally {
    lock.release();
  }
}

function lockOf(dataDir: string): ReturnType<typeof lockDataFolder> | undefined {
  try {
    return lockDataFolder(dataDir);
  } catch (error) {
    if (error instanceof DataFolderLockedError) return undefined;
    throw error;
  }
}
