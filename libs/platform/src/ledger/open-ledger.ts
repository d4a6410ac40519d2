import type { Ledger } from '#signing/contract.js';
import type { LedgerConfig } from '../config/config.js';
import { openFileLedger } from './file-ledger.js';
import { openPostgresLedger } from './postgres/postgres-ledger.js';

/** The ledger of the configuration. @throws (rejects) LedgerUnavailableError */
export const openLedger = (config: LedgerConfig): Promise<Ledger> => (config.kind === 'postgres' ? openPostgresLedger({ url: config.url }) : openFileLedger({ dir: config.dir }));
