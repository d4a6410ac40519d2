import type { QueryRunner } from 'typeorm';
import { sql } from './sql.js';
import type { Sql } from './sql.js';
import { ddl, table } from './table.js';
import type { ReadModelPart } from './table.js';

/** The subscription of all projections. Named for ever. */
export const READ_MODEL = 'read-model';

export type CheckpointRow = {
  readonly subscription: string;
  readonly storeId: string;
  /** Decimal; compared as a number in code, never in SQL. */
  readonly position: string;
  readonly eventId: string;
  /** Names and versions of the projections whose rows these are. */
  readonly layout: string;
  /** `at` of the event. */
  readonly appliedAt: string;
};
export const checkpointTable = table<CheckpointRow>('projection_checkpoint', ['subscription'], { subscription: 'text', storeId: 'text', position: 'text', eventId: 'text', layout: 'text', appliedAt: 'text' });

export type StatusRow = {
  readonly subscription: string;
  /** Random: rows that were emptied, or exchanged for others, have another one. */
  readonly made: string;
  /** 1: everything that was there when it was begun is in the rows. */
  readonly caughtUp: number;
};
export const statusTable = table<StatusRow>('projection_status', ['subscription'], { subscription: 'text', made: 'text', caughtUp: 'bigint' });

export type ParkedEventRow = {
  readonly projection: string;
  readonly position: bigint;
  readonly eventId: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly error: string;
};
export const parkedEventTable = table<ParkedEventRow>('parked_event', ['projection', 'position'], {
  projection: 'text', position: 'bigint', eventId: 'text', stream: 'text', revision: 'bigint', type: 'text', error: 'text',
});

class CreateSubscriptionTables1760000000001 {
  readonly name = 'CreateSubscriptionTables1760000000001';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE projection_checkpoint (subscription ${text} PRIMARY KEY, store_id ${text} NOT NULL, position ${text} NOT NULL, event_id ${text} NOT NULL, layout ${text} NOT NULL)`);
    await runner.query(
      `CREATE TABLE parked_event (projection ${text} NOT NULL, position BIGINT NOT NULL, event_id ${text} NOT NULL, stream ${text} NOT NULL, revision BIGINT NOT NULL, type ${text} NOT NULL, error ${text} NOT NULL, PRIMARY KEY (projection, position))`,
    );
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE parked_event');
    await runner.query('DROP TABLE projection_checkpoint');
  }
}

class CreateProjectionStatus1760000000050 {
  readonly name = 'CreateProjectionStatus1760000000050';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE projection_status (subscription ${text} PRIMARY KEY, made ${text} NOT NULL, caught_up BIGINT NOT NULL)`);
    await runner.query(`ALTER TABLE projection_checkpoint ADD COLUMN applied_at ${text} NOT NULL DEFAULT ''`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE projection_checkpoint DROP COLUMN applied_at');
    await runner.query('DROP TABLE projection_status');
  }
}

export const subscriptionPart: ReadModelPart = { tables: [checkpointTable, parkedEventTable, statusTable], migrations: [CreateSubscriptionTables1760000000001, CreateProjectionStatus1760000000050] };

/** How far rows are, and which rows they are. */
export interface Standing {
  readonly checkpoint: CheckpointRow | undefined;
  readonly made: string;
  readonly caughtUp: boolean;
}

type StandingRow = { readonly [P in keyof CheckpointRow]: CheckpointRow[P] | null } & { readonly made: string | null; readonly caughtUp: number | string | null };

/** @throws DatabaseError */
export async function standing(database: { query<Row>(query: Sql): Promise<readonly Row[]> }): Promise<Standing> {
  const [row] = await database.query<StandingRow>(sql`
    SELECT c.subscription AS subscription, c.store_id AS "storeId", c.position AS position, c.event_id AS "eventId", c.layout AS layout, c.applied_at AS "appliedAt", s.made AS made, s.caught_up AS "caughtUp"
    FROM (SELECT ${READ_MODEL} AS name) n LEFT JOIN projection_checkpoint c ON c.subscription = n.name LEFT JOIN projection_status s ON s.subscription = n.name`);
  if (row === undefined) return { checkpoint: undefined, made: '', caughtUp: false };
  const { made, caughtUp, subscription, storeId, position, eventId, layout, appliedAt } = row;
  const there = subscription !== null && storeId !== null && position !== null && eventId !== null && layout !== null && appliedAt !== null;
  return { checkpoint: there ? { subscription, storeId, position, eventId, layout, appliedAt } : undefined, made: made ?? '', caughtUp: Number(caughtUp ?? 0) === 1 };
}
