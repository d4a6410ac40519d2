import { join } from 'node:path';
import { DataFolderLockedError, lockDataFolder } from './data-folder.js';
import type { DataFolderLock } from './data-folder.js';

/** Processes of one kind that share a data folder on one machine, at most. */
const MAX_PROCESSES = 64;

/**
 * A folder for what one of several processes of a kind keeps for itself: the first of `<kind>-1`, `<kind>-2` … that no other one holds, so that
 * restarts find their own caches again. @throws DataFolderLockedError when all are held
 */
export function claimOwnFolder(dataDir: string, kind: string): DataFolderLock {
  for (let n = 1; n <= MAX_PROCESSES; n += 1) {
    try {
      return lockDataFolder(join(dataDir, `${kind}-${n}`));
    } catch (error) {
      if (!(error instanceof DataFolderLockedError)) throw error;
    }
  }
  throw new DataFolderLockedError(dataDir);
}
