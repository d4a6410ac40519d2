import { LedgerUnavailableError, type Ledger } from '#signing/contract.js';
import type { LedgerConfig } from '../config/config.js';
import { openFileLedger } from './file-ledger.js';

/** The ledger of the configuration. @throws (rejects) LedgerUnavailableError */
export async function openLedger(config: LedgerConfig): Promise<Ledger> {
  if (config.kind === 'postgres') throw new LedgerUnavailableError('FAILED', 'the ledger is a file');
  return openFileLedger({ dir: config.dir });
}
