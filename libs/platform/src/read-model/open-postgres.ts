import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { endClient } from '../postgres/end-client.js';
import { ReadModelDatabase } from './database.js';
import { PROCESS_SCHEMA, ROWS_SCHEMA } from './lease-table.js';
import { PostgresConnections } from './postgres-connections.js';
import type { PoolLimits } from './postgres-connections.js';
import { postgresFailure } from './postgres-failure.js';
import { connectionOf } from './postgres-url.js';
import { lockKey } from './sql.js';
import { MIGRATIONS } from './table.js';
import type { ReadModelPart } from './table.js';

const CONNECT_TIMEOUT_MS = 3_000;
/** Making tables waits for whoever makes them too, and for who reads them. */
const MIGRATION_MS = 30_000;
const SCHEMAS = { rows: ROWS_SCHEMA, processes: PROCESS_SCHEMA } as const;
const LIMITS: Readonly<Record<keyof typeof SCHEMAS | 'rebuild' | 'reader' | 'leases', PoolLimits>> = {
  // SQLite keeps its rows no safer; the checkpoint lies in the same transaction, and what is lost is made again from there.
  rows: { connections: 3, waiting: 100, statementMs: 20_000, relaxed: true },
  rebuild: { connections: 3, waiting: 100, statementMs: 300_000, relaxed: true },
  processes: { connections: 4, waiting: 100, statementMs: 5_000 },
  leases: { connections: 3, waiting: 20, statementMs: 2_000 },
  reader: { connections: 8, waiting: 500, statementMs: 5_000, readOnly: true },
};

/** Makes or completes a schema and opens it for writing. @throws StoreUnavailableError */
export async function openPostgres(kind: keyof typeof SCHEMAS, url: string, parts: readonly ReadModelPart[]): Promise<ReadModelDatabase> {
  await migratePostgres(url, SCHEMAS[kind], parts);
  return connectPostgres(url, SCHEMAS[kind], kind);
}

export const connectPostgres = (url: string, schema: string, kind: keyof typeof LIMITS): ReadModelDatabase => new ReadModelDatabase(new PostgresConnections(url, schema, LIMITS[kind]), schema);

export const openPostgresReader = (url: string): ReadModelDatabase => connectPostgres(url, ROWS_SCHEMA, 'reader');

/**
 * Makes the tables of a schema, which is made as well. Any number of processes may do so at once.
 * @throws StoreUnavailableError; also when a newer release made them: that is left to a rebuild, since the newer one may be running
 */
export async function migratePostgres(url: string, schema: string, parts: readonly ReadModelPart[]): Promise<void> {
  const connection = { ...connectionOf(url, [`-c search_path=${schema}`]), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, statement_timeout: MIGRATION_MS, query_timeout: MIGRATION_MS };
  const client = new Client(connection);
  client.on('error', () => undefined);
  const dataSource = new DataSource({
    type: 'postgres',
    extra: { ...connection, max: 2 },
    schema,
    entities: parts.flatMap((p) => p.tables.map((t) => t.entity)),
    migrations: parts.flatMap((p) => [...p.migrations]),
    migrationsTableName: MIGRATIONS,
    migrationsRun: true,
    migrationsTransactionMode: 'all',
    installExtensions: false,
    synchronize: false,
    logging: false,
  });
  try {
    await client.connect();
    // TypeORM looks outside its transaction what is there: who comes second waits here, and finds all of it made.
    await client.query(`SELECT pg_advisory_lock(${lockKey(`migrate ${schema}`)})`);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await dataSource.initialize();
    const known = new Set(dataSource.migrations.map((m) => m.name));
    const newer = (await client.query<{ name: string }>(`SELECT name FROM ${MIGRATIONS}`)).rows.find((m) => !known.has(m.name));
    if (newer !== undefined) throw new StoreUnavailableError(`the read model was made by a newer release (${newer.name}); a rebuild makes it anew`);
  } catch (error) {
    throw error instanceof StoreUnavailableError ? error : new StoreUnavailableError(`the read model can't be opened: ${failureOf(error)}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
    await endClient(client);
  }
}

/** TypeORM wraps what the driver threw. */
const failureOf = (error: unknown): string => postgresFailure(typeof error === 'object' && error !== null && 'driverError' in error ? error.driverError : error).message;
