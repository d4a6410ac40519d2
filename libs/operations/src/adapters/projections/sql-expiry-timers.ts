import type { QueryRunner } from 'typeorm';
import { checkpointAt } from '#eventing/checkpoint.js';
import type { HeldLease } from '#eventing/lease.port.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { saveProcessCheckpoint } from '#platform/read-model/process-checkpoints.js';
import { listOfMany, sql } from '#platform/read-model/sql.js';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';
import type { ExpiryTimers } from '../../application/ports/expiry-timers.port.js';

/** The subscription of the process manager that expires operations. Named for ever. */
export const EXPIRE_OPERATIONS = 'expire-operations';

type ExpiryTimerRow = { readonly operationId: string; readonly dueAt: string };
const expiryTimerTable = table<ExpiryTimerRow>('process_expiry_timer', ['operationId'], { operationId: 'text', dueAt: 'text' });

class CreateExpiryTimer1760000000011 {
  readonly name = 'CreateExpiryTimer1760000000011';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE process_expiry_timer (operation_id ${text} PRIMARY KEY, due_at ${text} NOT NULL)`);
    await runner.query('CREATE INDEX process_expiry_timer_by_due ON process_expiry_timer (due_at)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE process_expiry_timer');
  }
}

export const expiryTimersPart: ReadModelPart = { tables: [expiryTimerTable], migrations: [CreateExpiryTimer1760000000011] };

/** Timers in the tables of the process managers. A timer that is set twice, or removed twice, is as if once. */
export class SqlExpiryTimers implements ExpiryTimers {
  /** @param storeId of the event store that the checkpoint names @param lease under which they are kept: nothing is written once another holds it */
  constructor(private readonly database: ReadModelDatabase, private readonly storeId: string, private readonly lease?: HeldLease) {}

  apply({ set, remove, upTo }: { readonly set: readonly ExpiryTimerRow[]; readonly remove: readonly string[]; readonly upTo: RecordedEvent }): Promise<void> {
    return this.database.transaction(async (tx) => {
      await tx.upsert(expiryTimerTable, [...new Map(set.map((row) => [row.operationId, row])).values()]);
      if (remove.length > 0) await tx.run(sql`DELETE FROM process_expiry_timer WHERE operation_id IN ${listOfMany(remove)}`);
      await saveProcessCheckpoint(tx, EXPIRE_OPERATIONS, checkpointAt(this.storeId, upTo));
    }, { lease: this.lease });
  }

  async due(before: string, limit: number): Promise<readonly string[]> {
    const rows = await this.database.query<{ operationId: string }>(sql`SELECT operation_id AS "operationId" FROM process_expiry_timer WHERE due_at <= ${before} ORDER BY due_at, operation_id LIMIT ${limit}`);
    return rows.map((row) => row.operationId);
  }

  done(operationId: string): Promise<void> {
    return this.database.transaction((tx) => tx.run(sql`DELETE FROM process_expiry_timer WHERE operation_id = ${operationId}`), { lease: this.lease });
  }
}
