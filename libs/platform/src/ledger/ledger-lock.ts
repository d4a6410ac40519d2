import { LedgerUnavailableError } from '#signing/contract.js';
import { lockDataFolder, type DataFolderLock } from '../data-folder/data-folder.js';

/** By what it says, not by its class: where several module realms share the native addon (Jest), its errors are those of the realm that loaded it first. */
const isLocked = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && (('name' in error && error.name === 'DataFolderLockedError') || ('code' in error && error.code === 'SQLITE_BUSY'));

/**
 * Holds a ledger's folder for this process, and makes it where there is none.
 * @throws LedgerUnavailableError LOCKED while another opener holds it, here or in another process; FAILED when the folder cannot be used
 */
export function lockLedgerFolder(dir: string): DataFolderLock {
  try {
    return lockDataFolder(dir);
  } catch (error) {
    if (isLocked(error)) throw new LedgerUnavailableError('LOCKED', `the ledger in ${dir} is in use`);
    throw new LedgerUnavailableError('FAILED', `the folder of the ledger cannot be used: ${error instanceof Error ? error.message : String(error)}`);
  }
}
