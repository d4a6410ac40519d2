import type { LedgerConfig } from '../config/config.js';
import { LedgerUnavailableError } from '#signing/contract.js';
import { openFileLedger } from './file-ledger.js';
import type { FileLedger } from './file-ledger.js';

/** The ledger of the configuration. @throws LedgerUnavailableError */
export function openLedger(config: LedgerConfig): Promise<FileLedger> {
  if (config.kind === 'postgres') throw new LedgerUnavailableError('FAILED', 'the ledger is a file');
  return openFileLedger({ dir: config.dir });
}
