import { Client } from 'pg';
import type { EventStore, Position } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { endClient } from '../postgres/end-client.js';
import { rebuildReadModel } from './follow-read-model.js';
import { ROWS_SCHEMA } from './lease-table.js';
import { connectPostgres, migratePostgres } from './open-postgres.js';
import { postgresFailure } from './postgres-failure.js';
import { connectionOf } from './postgres-url.js';
import type { Projection } from './projection.js';
import { Projector } from './projector.js';
import type { ProjectorEvents } from './projector.js';
import { lockKey } from './sql.js';
import { READ_MODEL, subscriptionPart } from './subscription-tables.js';
import type { ReadModelPart } from './table.js';

const NEXT_SCHEMA = 'countersign_rows_next';
const OLD_SCHEMA = 'countersign_rows_old';
const CONNECT_TIMEOUT_MS = 3_000;
const STATEMENT_MS = 30_000;
/** While the last events are added nobody writes the live rows: so many at most. */
const LAST_EVENTS = 2_000;
const PAGE = 500;
/** Of attempts to come so close to the live rows that the last events can be added while they wait. */
const ATTEMPTS = 100;

export interface RebuildBeside {
  readonly url: string;
  /** Of every context that keeps rows. */
  readonly parts: readonly ReadModelPart[];
  readonly projections: readonly Projection[];
  readonly store: EventStore;
  readonly signal: AbortSignal;
  readonly observe?: ProjectorEvents;
  /** Told after each transaction: events so far, position of the last one, the head's position. */
  readonly advanced?: (events: number, position: Position, head: Position) => void;
}

/**
 * Makes all rows anew in a schema of their own, while the live ones are read and written, and takes their place in one transaction. Who reads finds the old rows or
 * the new ones, never none; who writes them finds by their standing that they are others, and goes on from there.
 * @returns what was done until `signal` aborted; the rows were exchanged only when it did not
 * @throws StoreUnavailableError: the live rows are as they were
 */
export async function rebuildBeside({ url, parts, projections, store, signal, observe, advanced }: RebuildBeside): Promise<{ readonly events: number; readonly ms: number }> {
  const client = new Client({ ...connectionOf(url, []), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, statement_timeout: STATEMENT_MS, query_timeout: STATEMENT_MS, keepAlive: true });
  // Whatever is asked of it next tells that it is gone.
  client.on('error', () => undefined);
  const ask = async <Row extends object>(text: string, values: readonly string[] = []): Promise<readonly Row[]> => {
    try {
      return (await client.query<Row>(text, [...values])).rows;
    } catch (error) {
      throw new StoreUnavailableError(`the read model: ${postgresFailure(error).message}`);
    }
  };
  try {
    await client.connect().catch((error: unknown) => {
      throw new StoreUnavailableError(`the read model: ${postgresFailure(error).message}`);
    });
    const [alone] = await ask<{ locked: boolean }>(`SELECT pg_try_advisory_lock(${lockKey('rebuild')}) AS locked`);
    if (alone?.locked !== true) throw new StoreUnavailableError('the read model is being rebuilt by another process');
    // What a rebuild that was cut off left behind.
    for (const schema of [NEXT_SCHEMA, OLD_SCHEMA]) await ask(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await migratePostgres(url, NEXT_SCHEMA, [subscriptionPart, ...parts]);
    const database = connectPostgres(url, NEXT_SCHEMA, 'rebuild');
    try {
      const projector = new Projector(database, projections, observe);
      const done = await rebuildReadModel({ store, projector, signal, ...(advanced === undefined ? {} : { advanced }) });
      await projector.caughtUp();
      for (let attempt = 1; !signal.aborted; attempt += 1) {
        const live = await livePosition(ask, store);
        if (live !== undefined) await addUpTo(live, Number.POSITIVE_INFINITY, store, projector, signal);
        if (signal.aborted || (await exchanged(ask, store, projector, signal))) break;
        if (attempt === ATTEMPTS) throw new StoreUnavailableError('the rows are written faster than they can be made anew');
      }
      return done;
    } finally {
      await database.close();
    }
  } finally {
    // Who still reads them is waited for within the limit; what can't be dropped now is dropped by the next rebuild.
    await client.query(`DROP SCHEMA IF EXISTS ${OLD_SCHEMA} CASCADE`).catch(() => undefined);
    await endClient(client);
  }
}

type Ask = <Row extends object>(text: string, values?: readonly string[]) => Promise<readonly Row[]>;

/** @returns false: too much was written to the live rows meanwhile */
async function exchanged(ask: Ask, store: EventStore, projector: Projector, signal: AbortSignal): Promise<boolean> {
  // The lock of the live rows: their writer waits, and finds the new ones when it has it.
  await ask(`BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(${lockKey(`${ROWS_SCHEMA}/${READ_MODEL}`)})`);
  try {
    const live = await livePosition(ask, store);
    // Rows that lie before the live ones would make their writer begin anew.
    if (live !== undefined && !(await addUpTo(live, LAST_EVENTS, store, projector, signal))) {
      await ask('ROLLBACK');
      return false;
    }
    if (await isThere(ask, ROWS_SCHEMA)) await ask(`ALTER SCHEMA ${ROWS_SCHEMA} RENAME TO ${OLD_SCHEMA}`);
    await ask(`ALTER SCHEMA ${NEXT_SCHEMA} RENAME TO ${ROWS_SCHEMA}`);
    await ask('COMMIT');
    return true;
  } catch (error) {
    await ask('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

const isThere = async (ask: Ask, schema: string): Promise<boolean> => (await ask('SELECT 1 AS there FROM pg_namespace WHERE nspname = $1', [schema])).length > 0;

/** How far the live rows are; undefined when there are none, or of another store. */
async function livePosition(ask: Ask, store: EventStore): Promise<Position | undefined> {
  const [table] = await ask<{ name: string | null }>(`SELECT to_regclass('${ROWS_SCHEMA}.projection_checkpoint')::text AS name`);
  if (table === undefined || table.name === null) return undefined;
  const [live] = await ask<{ position: string }>(`SELECT position FROM ${ROWS_SCHEMA}.projection_checkpoint WHERE subscription = $1 AND store_id = $2`, [READ_MODEL, await store.storeId()]);
  return live === undefined ? undefined : BigInt(live.position);
}

/** Adds what the store has up to a position. @param most so many events, and a page @returns false: there is more, or it was told to stop */
async function addUpTo(position: Position, most: number, store: EventStore, projector: Projector, signal: AbortSignal): Promise<boolean> {
  const storeId = await store.storeId();
  for (let added = 0; !signal.aborted && added < most; ) {
    const from = projector.progress.state.applied;
    if (from !== undefined && from >= position) return true;
    const events = await store.readAll({ limit: PAGE, ...(from === undefined ? {} : { from }) });
    // The live rows know an event that this store has not: whose they are is found out when they are resumed.
    if (events.length === 0) return true;
    await projector.apply(events, storeId);
    added += events.length;
  }
  const { applied } = projector.progress.state;
  return applied !== undefined && applied >= position;
}
