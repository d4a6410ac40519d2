import type { QueryRunner } from 'typeorm';
import { checkpointAt } from '#eventing/checkpoint.js';
import type { HeldLease } from '#eventing/lease.port.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { saveProcessCheckpoint } from '#platform/read-model/process-checkpoints.js';
import { sql } from '#platform/read-model/sql.js';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';
import type { DeadlineKind } from '../../domain/operation/deadlines.js';
import type { Deadline, DeadlineTimers } from '../../application/ports/deadline-timers.port.js';

/** The subscription of the process manager that keeps deadlines. Named for ever. */
export const KEEP_DEADLINES = 'keep-deadlines';

type DeadlineRow = { readonly operationId: string; readonly kind: DeadlineKind; readonly dueAt: string };
const deadlineTable = table<DeadlineRow>('process_deadline', ['operationId', 'kind'], { operationId: 'text', kind: 'text', dueAt: 'text' });

class CreateDeadline1760000000013 {
  readonly name = 'CreateDeadline1760000000013';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE process_deadline (operation_id ${text} NOT NULL, kind ${text} NOT NULL, due_at ${text} NOT NULL, PRIMARY KEY (operation_id, kind))`);
    await runner.query('CREATE INDEX process_deadline_by_due ON process_deadline (due_at)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE process_deadline');
  }
}

export const deadlineTimersPart: ReadModelPart = { tables: [deadlineTable], migrations: [CreateDeadline1760000000013] };

/** Timers in the tables of the process managers. A timer that is set twice, or removed twice, is as if once. */
export class SqlDeadlineTimers implements DeadlineTimers {
  /** @param storeId of the event store that the checkpoint names @param lease under which they are kept: nothing is written once another holds it */
  constructor(private readonly database: ReadModelDatabase, private readonly storeId: string, private readonly lease?: HeldLease) {}

  apply({ set, upTo }: { readonly set: readonly DeadlineRow[]; readonly upTo: RecordedEvent }): Promise<void> {
    return this.database.transaction(async (tx) => {
      await tx.upsert(deadlineTable, [...new Map(set.map((row) => [`${row.kind} ${row.operationId}`, row])).values()]);
      await saveProcessCheckpoint(tx, KEEP_DEADLINES, checkpointAt(this.storeId, upTo));
    }, { lease: this.lease });
  }

  due(before: string, limit: number): Promise<readonly DeadlineRow[]> {
    return this.database.query<DeadlineRow>(sql`SELECT operation_id AS "operationId", kind AS kind, due_at AS "dueAt" FROM process_deadline WHERE due_at <= ${before} ORDER BY due_at, operation_id, kind LIMIT ${limit}`);
  }

  done({ operationId, kind, dueAt }: Deadline & { readonly dueAt: string }): Promise<void> {
    return this.database.transaction((tx) => tx.run(sql`DELETE FROM process_deadline WHERE operation_id = ${operationId} AND kind = ${kind} AND due_at = ${dueAt}`), { lease: this.lease });
  }
}
