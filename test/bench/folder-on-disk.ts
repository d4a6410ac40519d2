import { existsSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { packageRoot } from '#platform/worker-entry.js';

const TMPFS = 0x01021994;

/** A folder for temporary ones. Flushes cost nothing in memory: what is measured lies on a disk. */
export function folderOnDisk(): string {
  const folder = [tmpdir(), '/var/tmp', packageRoot].find((one) => existsSync(one) && statfsSync(one).type !== TMPFS);
  if (folder === undefined) throw new Error('there is no folder on a disk; TMPDIR can name one');
  return folder;
}
