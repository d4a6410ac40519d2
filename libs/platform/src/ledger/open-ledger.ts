import type { Ledger } from '#signing/contract.js';
import type { LedgerConfig } from '../config/config.js';
import { openFileLedger } from './file-ledger.js';

/** The ledger of the configuration. @throws (rejects) LedgerUnavailableError */
export async function openLedger(config: LedgerConfig): Promise<Ledger> {
  if (config.kind === 'file') return openFileLedger({ dir: config.dir });
  // Loaded where it is configured: who keeps a file needs no client of PostgreSQL.
  const { openPostgresLedger } = await import('./postgres/postgres-ledger.js');
  return openPostgresLedger({ url: config.url });
}
