import type { QueryRunner } from 'typeorm';
import { sql } from './sql.js';
import type { Sql } from './sql.js';
import { ddl, table } from './table.js';
import type { ReadModelPart } from './table.js';

/** Of the process managers' tables and of the leases (rule 12: no rebuild touches it), and of the rows. */
export const PROCESS_SCHEMA = 'countersign_processes';
export const ROWS_SCHEMA = 'countersign_rows';

type LeaseRow = { readonly name: string; readonly holder: string; readonly fence: bigint; readonly expiresAt: bigint };
const leaseTable = table<LeaseRow>('lease', ['name'], { name: 'text', holder: 'text', fence: 'bigint', expiresAt: 'bigint' });

class CreateLease1760000000003 {
  readonly name = 'CreateLease1760000000003';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    // `expires_at`: ms since 1970 by the database's clock.
    await runner.query(`CREATE TABLE lease (name ${text} PRIMARY KEY, holder ${text} NOT NULL, fence BIGINT NOT NULL, expires_at BIGINT NOT NULL)`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE lease');
  }
}

/** Only where several processes share a database. */
export const leasePart: ReadModelPart = { tables: [leaseTable], migrations: [CreateLease1760000000003] };

/** The fence of a lease, which stays as it is until the transaction ends. From whatever schema it is asked. */
export const leaseFence = (name: string): Sql => sql`SELECT CAST(fence AS TEXT) AS fence FROM countersign_processes.lease WHERE name = ${name} FOR SHARE`;
