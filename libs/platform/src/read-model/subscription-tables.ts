import type { QueryRunner } from 'typeorm';
import { ddl, table } from './table.js';
import type { ReadModelPart } from './table.js';

export type CheckpointRow = {
  readonly subscription: string;
  readonly storeId: string;
  /** Decimal; compared as a number in code, never in SQL. */
  readonly position: string;
  readonly eventId: string;
  /** Names and versions of the projections whose rows these are. */
  readonly layout: string;
};
export const checkpointTable = table<CheckpointRow>('projection_checkpoint', ['subscription'], { subscription: 'text', storeId: 'text', position: 'text', eventId: 'text', layout: 'text' });

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

export const subscriptionPart: ReadModelPart = { tables: [checkpointTable, parkedEventTable], migrations: [CreateSubscriptionTables1760000000001] };
