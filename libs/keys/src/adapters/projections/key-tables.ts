import type { QueryRunner } from 'typeorm';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';

export type SigningKeyRow = {
  readonly keyId: string;
  readonly status: string;
  readonly revision: number;
  /** The folded state, JSON. */
  readonly state: string;
};
export const signingKeyTable = table<SigningKeyRow>('signing_key', ['keyId'], { keyId: 'text', status: 'text', revision: 'bigint', state: 'text' });

class CreateSigningKeyTable1760000000030 {
  readonly name = 'CreateSigningKeyTable1760000000030';
  async up(runner: QueryRunner): Promise<void> {
    const { text } = ddl(runner);
    await runner.query(`CREATE TABLE signing_key (key_id ${text} PRIMARY KEY, status ${text} NOT NULL, revision BIGINT NOT NULL, state ${text} NOT NULL)`);
  }
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE signing_key');
  }
}

export const keysPart: ReadModelPart = { tables: [signingKeyTable], migrations: [CreateSigningKeyTable1760000000030] };
