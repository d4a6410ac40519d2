import { copyFileSync, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Clock } from '#kernel/clock.js';
import { createFolder, DataFolderLockedError, lockDataFolder } from '../data-folder/data-folder.js';
import { restoringFolder } from '../embedded-log/embedded-log.js';
import { BackupRefusedError } from './backup-refused-error.js';
import { flush, publish, sha256Of } from './durable-files.js';
import { inspectCopy } from './log-copy.js';
import { BACKUP_FILE, readManifest } from './manifest.js';
import type { Manifest } from './manifest.js';

export interface RestoreOptions {
  readonly from: string;
  /** Of a service that does not run; made where it is missing. */
  readonly dataDir: string;
  readonly clock: Pick<Clock, 'wall'>;
}
export interface Restored {
  readonly manifest: Manifest;
  /** Where the events that were there are kept; undefined where there were none. */
  readonly aside: string | undefined;
}

/** All that is made anew from the events: rows, places of processes, snapshots. */
const MADE_ANEW = /^(?:(?:read-model|processes)\.db|.+-snapshots\.db)(?:-wal|-shm|-journal|\.damaged)?$/;

/**
 * Puts a backup in the place of a data folder's events, which are kept aside. The signer's ledger and the token are not touched (rules 16, 17).
 *
 * The backup is copied beside the events first. From there on two renames are left; between them the folder has no events, and nobody begins new ones in it
 * (`restoringFolder`): done again it is finished.
 * @throws BackupRefusedError; the events are as they were then
 */
export async function restoreBackup({ from, dataDir, clock }: RestoreOptions): Promise<Restored> {
  const source = resolve(from);
  const manifest = readManifest(source);
  await prove(join(source, BACKUP_FILE), manifest);
  const lock = lockOf(dataDir);
  try {
    const events = join(dataDir, 'events');
    const prepared = restoringFolder(events);
    createFolder(prepared);
    const part = join(prepared, `${BACKUP_FILE}.part`);
    copyFileSync(join(source, BACKUP_FILE), part);
    await prove(part, manifest);
    publish(part, join(prepared, BACKUP_FILE));
    // Before the events change: what was made from later ones must not lie beside them.
    for (const name of readdirSync(dataDir)) if (MADE_ANEW.test(name)) rmSync(join(dataDir, name), { force: true });
    flush(dataDir);
    const aside = existsSync(events) ? `${events}.aside-${new Date(clock.wall()).toISOString().replaceAll(/[:.]/g, '-')}` : undefined;
    if (aside !== undefined) renameSync(events, aside);
    renameSync(prepared, events);
    flush(dataDir);
    return { manifest, aside };
  } finally {
    lock.release();
  }
}

/** That a file is what the manifest says, byte by byte and as a log. */
async function prove(file: string, { files: [{ bytes, sha256 }], storeId, events, head }: Manifest): Promise<void> {
  if (!existsSync(file)) throw new BackupRefusedError('DAMAGED', `${file} is missing`);
  if (statSync(file).size !== bytes || (await sha256Of(file)) !== sha256) throw new BackupRefusedError('DAMAGED', `${file} is not the file that the manifest names`);
  const facts = inspectCopy(file);
  if (facts.storeId !== storeId || facts.events !== events || facts.head?.eventId !== head?.eventId || facts.head?.position !== head?.position) {
    throw new BackupRefusedError('DAMAGED', `${file} does not hold what the manifest says`);
  }
}

function lockOf(dataDir: string): ReturnType<typeof lockDataFolder> {
  try {
    return lockDataFolder(dataDir);
  } catch (error) {
    if (error instanceof DataFolderLockedError) throw new BackupRefusedError('IN_USE', `${error.message}; stop the service first`);
    throw error;
  }
}
