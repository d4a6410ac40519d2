import type { HeldLease, Leases } from '#eventing/lease.port.js';
import type { ReadModelDatabase } from './database.js';
import type { LeaseHolder } from '../data-folder/lease-holder.js';
import { connectPostgres } from './open-postgres.js';
import { PROCESS_SCHEMA } from './lease-table.js';
import { literal, sql } from './sql.js';

/** How long a lease lasts that is not renewed. */
const TTL_MS = 6_000;
/** The database's clock, ms: it goes on inside of a transaction. */
const NOW = literal('CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)');

/** Leases in PostgreSQL, by its clock. */
export class PostgresLeases implements Leases {
  readonly ttlMs = TTL_MS;
  /** Monotonic ms. By then the predecessor's leases have ended: what is held under its name later is held by a copy of this folder that is alive. */
  private readonly succeedsUntil = performance.now() + TTL_MS;

  constructor(private readonly database: ReadModelDatabase, private readonly by: LeaseHolder) {}

  async acquire(name: string): Promise<HeldLease | undefined> {
    const predecessor = performance.now() < this.succeedsUntil ? (this.by.predecessor ?? '') : '';
    // One that ends later than any can was written by a clock that has gone back since: it would be nobody's for as long.
    const [row] = await this.database.query<{ fence: string }>(sql`
      INSERT INTO lease (name, holder, fence, expires_at) VALUES (${name}, ${this.by.holder}, 1, ${NOW} + ${TTL_MS})
      ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = lease.fence + 1, expires_at = ${NOW} + ${TTL_MS}
        WHERE lease.expires_at <= ${NOW} OR lease.expires_at > ${NOW} + ${TTL_MS} OR lease.holder = ${predecessor}
      RETURNING CAST(fence AS TEXT) AS fence`);
    return row === undefined ? undefined : { name, fence: BigInt(row.fence) };
  }

  async renew({ name, fence }: HeldLease): Promise<boolean> {
    const rows = await this.database.query(sql`UPDATE lease SET expires_at = ${NOW} + ${TTL_MS} WHERE name = ${name} AND fence = ${fence} RETURNING 1 AS renewed`);
    return rows.length === 1;
  }

  async release({ name, fence }: HeldLease): Promise<void> {
    await this.database.query(sql`UPDATE lease SET expires_at = 0 WHERE name = ${name} AND fence = ${fence}`);
  }

  close(): Promise<void> {
    return this.database.close();
  }
}

/** Leases beside the tables of the process managers, which must have been opened before. On connections of their own: a renewal waits for no other work. */
export const openPostgresLeases = (url: string, by: LeaseHolder): PostgresLeases => new PostgresLeases(connectPostgres(url, PROCESS_SCHEMA, 'leases'), by);
