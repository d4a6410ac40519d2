import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Instant } from '#kernel/clock.js';
import { BackupRefusedError } from './backup-refused-error.js';
import { writeDurably } from './durable-files.js';
import type { LogFacts } from './log-copy.js';

export const MANIFEST = 'manifest.json';
export const BACKUP_FILE = 'events.db';
const FORMAT = 'countersign-backup/1';

/** What a backup holds. Written last: a folder without it is no backup. */
export interface Manifest extends LogFacts {
  readonly format: typeof FORMAT;
  /** Of the product that made it. */
  readonly version: string;
  readonly takenAt: Instant;
  readonly files: readonly [{ readonly name: typeof BACKUP_FILE; readonly bytes: number; readonly sha256: string }];
}

export const manifestOf = (facts: LogFacts & Pick<Manifest, 'version' | 'takenAt'>, file: { readonly bytes: number; readonly sha256: string }): Manifest => ({
  format: FORMAT,
  version: facts.version,
  takenAt: facts.takenAt,
  storeId: facts.storeId,
  events: facts.events,
  head: facts.head,
  files: [{ name: BACKUP_FILE, ...file }],
});

export const writeManifest = (dir: string, manifest: Manifest): void => writeDurably(join(dir, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);

/** @throws BackupRefusedError NO_BACKUP, DAMAGED */
export function readManifest(dir: string): Manifest {
  const file = join(dir, MANIFEST);
  if (!existsSync(file)) throw new BackupRefusedError('NO_BACKUP', `${dir} holds no backup: there is no ${MANIFEST}`);
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new BackupRefusedError('DAMAGED', `${file} can't be read`);
  }
  if (!isManifest(read)) throw new BackupRefusedError('DAMAGED', `${file} is not the manifest of a backup that this version knows`);
  return read;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value) || value['format'] !== FORMAT) return false;
  const { version, takenAt, storeId, events, head, files } = value;
  const [file, ...more] = Array.isArray(files) ? (files as readonly unknown[]) : [];
  return (
    [version, takenAt, storeId].every((v) => typeof v === 'string' && v !== '') &&
    isCount(events) &&
    (head === null || (isRecord(head) && typeof head['position'] === 'string' && typeof head['eventId'] === 'string')) &&
    isRecord(file) && more.length === 0 &&
    // By its own name alone: a manifest names no file elsewhere.
    file['name'] === BACKUP_FILE && isCount(file['bytes']) && typeof file['sha256'] === 'string'
  );
}
