import type { QueryRunner } from 'typeorm';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';

export type OperationRow = {
  /** Of its first event: the order in which operations came. */
  readonly requestedPosition: bigint;
  readonly operationId: string;
  readonly requesterIssuer: string;
  readonly requesterSubject: string;
  readonly expiresAt: string;
  /** As the events tell it; what the clock makes of it is found out when it is asked for. */
  readonly status: string;
  /** Approved, it is pending again from then on unless somebody approves anew; null: never. */
  readonly lapsesAt: string | null;
  /** While uses by an emergency path await a review, or are overdue for it. */
  readonly reviewDueAt: string | null;
  readonly revision: number;
  /** The folded state as JSON, without the request. */
  readonly progress: string;
};
export const operationTable = table<OperationRow>('operation', ['operationId'], {
  requestedPosition: 'bigint', operationId: 'text', requesterIssuer: 'text', requesterSubject: 'text', expiresAt: 'text', status: 'text', lapsesAt: 'text?', reviewDueAt: 'text?', revision: 'bigint', progress: 'text',
});

/** What was asked, as JSON: written once, however often the operation changes. */
export type OperationRequestRow = { readonly requestedPosition: bigint; readonly request: string };
export const operationRequestTable = table<OperationRequestRow>('operation_request', ['requestedPosition'], { requestedPosition: 'bigint', request: 'text' });

export type OperationKeyRow = { readonly keyId: string; readonly requestedPosition: bigint };
export const operationKeyTable = table<OperationKeyRow>('operation_key', ['keyId', 'requestedPosition'], { keyId: 'text', requestedPosition: 'bigint' });

/** Whose decision stands. */
export type OperationDeciderRow = { readonly subject: string; readonly issuer: string; readonly requestedPosition: bigint; readonly decision: string; readonly decidedAt: string; /** Of whom a deputy stood in for; '': of nobody. */ readonly principalSubject: string; readonly principalIssuer: string };
export const operationDeciderTable = table<OperationDeciderRow>('operation_decider', ['subject', 'issuer', 'requestedPosition'], { subject: 'text', issuer: 'text', requestedPosition: 'bigint', decision: 'text', decidedAt: 'text', principalSubject: 'text', principalIssuer: 'text' });

/** One (role, group) that a policy of a pending or an approved operation names; the group '' is any. */
export type QueueTermRow = {
  readonly role: string;
  readonly groupName: string;
  readonly expiresAt: string;
  readonly requestedPosition: bigint;
  readonly requesterIssuer: string;
  readonly requesterSubject: string;
  /** 1: whoever decided may decide anew when his approval does not count any more. */
  readonly renewable: number;
};
export const queueTermTable = table<QueueTermRow>('queue_term', ['role', 'groupName', 'expiresAt', 'requestedPosition'], {
  role: 'text', groupName: 'text', expiresAt: 'text', requestedPosition: 'bigint', requesterIssuer: 'text', requesterSubject: 'text', renewable: 'bigint',
});

class CreateOperationTables1760000000010 {
  readonly name = 'CreateOperationTables1760000000010';
  async up(runner: QueryRunner): Promise<void> {
    const { text, rowId, byKey } = ddl(runner);
    const statements = [
      `CREATE TABLE operation (requested_position ${rowId} PRIMARY KEY, operation_id ${text} NOT NULL UNIQUE, requester_issuer ${text} NOT NULL, requester_subject ${text} NOT NULL,
        expires_at ${text} NOT NULL, status ${text} NOT NULL, revision BIGINT NOT NULL, progress ${text} NOT NULL)`,
      'CREATE INDEX operation_by_requester ON operation (requester_subject, requester_issuer, requested_position)',
      'CREATE INDEX operation_by_status ON operation (status, requested_position)',
      'CREATE INDEX operation_by_expiry ON operation (status, expires_at)',
      `CREATE TABLE operation_request (requested_position ${rowId} PRIMARY KEY, request ${text} NOT NULL)`,
      `CREATE TABLE operation_key (key_id ${text} NOT NULL, requested_position BIGINT NOT NULL, PRIMARY KEY (key_id, requested_position)) ${byKey}`,
      `CREATE TABLE operation_decider (subject ${text} NOT NULL, issuer ${text} NOT NULL, requested_position BIGINT NOT NULL, PRIMARY KEY (subject, issuer, requested_position)) ${byKey}`,
      `CREATE TABLE queue_term (role ${text} NOT NULL, group_name ${text} NOT NULL, expires_at ${text} NOT NULL, requested_position BIGINT NOT NULL, requester_issuer ${text} NOT NULL, requester_subject ${text} NOT NULL,
        PRIMARY KEY (role, group_name, expires_at, requested_position)) ${byKey}`,
      'CREATE INDEX queue_term_by_operation ON queue_term (requested_position)',
    ];
    for (const statement of statements) await runner.query(statement);
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['queue_term', 'operation_decider', 'operation_key', 'operation_request', 'operation']) await runner.query(`DROP TABLE ${name}`);
  }
}

class AddLapses1760000000012 {
  readonly name = 'AddLapses1760000000012';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE queue_term ADD COLUMN renewable BIGINT NOT NULL DEFAULT 0');
    for (const column of ['decision', 'decided_at']) await runner.query(`ALTER TABLE operation_decider ADD COLUMN ${column} ${ddl(runner).text} NOT NULL DEFAULT ''`);
    await runner.query(`ALTER TABLE operation ADD COLUMN lapses_at ${ddl(runner).text}`);
    await runner.query(`ALTER TABLE operation ADD COLUMN review_due_at ${ddl(runner).text}`);
    await runner.query('CREATE INDEX operation_by_review ON operation (review_due_at, requested_position) WHERE review_due_at IS NOT NULL');
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const column of ['decision', 'decided_at']) await runner.query(`ALTER TABLE operation_decider DROP COLUMN ${column}`);
    await runner.query('DROP INDEX operation_by_review');
    await runner.query('ALTER TABLE operation DROP COLUMN review_due_at');
    await runner.query('ALTER TABLE operation DROP COLUMN lapses_at');
    await runner.query('ALTER TABLE queue_term DROP COLUMN renewable');
  }
}

class AddPrincipals1760000000014 {
  readonly name = 'AddPrincipals1760000000014';
  async up(runner: QueryRunner): Promise<void> {
    for (const column of ['principal_subject', 'principal_issuer']) await runner.query(`ALTER TABLE operation_decider ADD COLUMN ${column} ${ddl(runner).text} NOT NULL DEFAULT ''`);
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const column of ['principal_subject', 'principal_issuer']) await runner.query(`ALTER TABLE operation_decider DROP COLUMN ${column}`);
  }
}

export const operationsPart: ReadModelPart = {
  tables: [operationTable, operationRequestTable, operationKeyTable, operationDeciderTable, queueTermTable],
  migrations: [CreateOperationTables1760000000010, AddLapses1760000000012, AddPrincipals1760000000014],
};
