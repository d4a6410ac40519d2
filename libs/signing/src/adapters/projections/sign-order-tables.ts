import type { QueryRunner } from 'typeorm';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';

/** Greater than every position: an order that has not ended. */
export const NOT_ENDED = 2n ** 63n - 1n;

export type SignOrderRow = {
  /** Of its reservation: the order in which orders came. */
  readonly requestedPosition: bigint;
  readonly signOrderId: string;
  readonly operationId: string;
  readonly keyId: string;
  /** Null until it started, and for ever when it ended without. */
  readonly startedPosition: bigint | null;
  /** NOT_ENDED until then, so that one range of an index holds what had no end at some position. */
  readonly endedPosition: bigint;
  /** Of its own stream; -1 while it is reserved only. */
  readonly revision: number;
  /** Its view as it was reserved, JSON. */
  readonly reserved: string;
  /** Its state by its own stream, JSON; null while it is reserved only. */
  readonly state: string | null;
};
export const signOrderTable = table<SignOrderRow>('sign_order', ['signOrderId'], {
  requestedPosition: 'bigint', signOrderId: 'text', operationId: 'text', keyId: 'text', startedPosition: 'bigint?', endedPosition: 'bigint', revision: 'bigint', reserved: 'text', state: 'text?',
});

class CreateSignOrderTable1760000000020 {
  readonly name = 'CreateSignOrderTable1760000000020';
  async up(runner: QueryRunner): Promise<void> {
    const { text, rowId } = ddl(runner);
    await runner.query(
      `CREATE TABLE sign_order (requested_position ${rowId} PRIMARY KEY, sign_order_id ${text} NOT NULL UNIQUE, operation_id ${text} NOT NULL, key_id ${text} NOT NULL,
        started_position BIGINT, ended_position BIGINT NOT NULL, revision BIGINT NOT NULL, reserved ${text} NOT NULL, state ${text})`,
    );
    await runner.query('CREATE INDEX sign_order_by_operation ON sign_order (operation_id, requested_position)');
    await runner.query('CREATE INDEX sign_order_by_end ON sign_order (ended_position)');
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sign_order');
  }
}

export const signingPart: ReadModelPart = { tables: [signOrderTable], migrations: [CreateSignOrderTable1760000000020] };
