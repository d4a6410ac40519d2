import type { Config } from '../config/config.js';
import type { ReadModelDatabase } from './database.js';
import { leasePart } from './lease-table.js';
import { openSqlite, openSqliteReader } from './open-sqlite.js';
import { subscriptionPart } from './subscription-tables.js';
import type { ReadModelPart } from './table.js';

/** Loaded where it is configured: who keeps files needs no client of PostgreSQL. */
const postgres = () => import('./open-postgres.js');

export interface OpenOptions extends Pick<Config, 'readModel'> {
  /** An existing folder; holds nothing of the rows where they are in PostgreSQL. */
  readonly dataDir: string;
  /** Of every context that keeps rows. */
  readonly parts: readonly ReadModelPart[];
  /** A file was put aside, and why. */
  readonly setAside?: (file: string, reason: string) => void;
}

/**
 * The rows that projections write: `read-model.db`, for the one thread that writes them, opened before the threads that read them; or a schema of PostgreSQL, for
 * any number of workers. @throws StoreUnavailableError
 */
export async function openReadModel(options: OpenOptions): Promise<ReadModelDatabase> {
  const parts = [subscriptionPart, ...options.parts];
  return options.readModel.kind === 'postgres' ? (await postgres()).openPostgres('rows', options.readModel.url, parts) : openSqlite('read-model', { ...options, parts });
}

/**
 * What process managers keep: `processes.db`, or a schema of PostgreSQL, with the leases. Apart from the rows, so that neither a rebuild nor the loss of the read model
 * takes a checkpoint away (rule 12), and so that process managers never wait for a transaction of the projections. @throws StoreUnavailableError
 */
export async function openProcessTables(options: OpenOptions): Promise<ReadModelDatabase> {
  return options.readModel.kind === 'postgres' ? (await postgres()).openPostgres('processes', options.readModel.url, [...options.parts, leasePart]) : openSqlite('processes', options);
}

/** The rows for who only reads. SQLite: the writer has opened them; PostgreSQL: at any time, queries fail until they are there. @throws StoreUnavailableError */
export async function openReadModelReader({ readModel, dataDir }: Pick<OpenOptions, 'readModel' | 'dataDir'>): Promise<ReadModelDatabase> {
  return readModel.kind === 'postgres' ? (await postgres()).openPostgresReader(readModel.url) : openSqliteReader(dataDir);
}
