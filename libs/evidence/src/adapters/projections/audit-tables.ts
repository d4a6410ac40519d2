import type { QueryRunner } from 'typeorm';
import { ddl, table } from '#platform/read-model/table.js';
import type { ReadModelPart } from '#platform/read-model/table.js';

/** Where an event is and what it can be asked for by; its content stays in the event store. */
export type AuditEventRow = {
  readonly position: bigint;
  readonly stream: string;
  readonly revision: number;
  readonly eventId: string;
  readonly typeName: string;
  readonly typeVersion: string;
  readonly at: string;
  readonly actorIssuer: string;
  readonly actorSubject: string;
  readonly operationId: string | null;
};
export const auditEventTable = table<AuditEventRow>('audit_event', ['position'], {
  position: 'bigint', stream: 'text', revision: 'bigint', eventId: 'text', typeName: 'text', typeVersion: 'text', at: 'text', actorIssuer: 'text', actorSubject: 'text', operationId: 'text?',
});

export type AuditKeyRow = { readonly keyId: string; readonly position: bigint };
export const auditKeyTable = table<AuditKeyRow>('audit_key', ['keyId', 'position'], { keyId: 'text', position: 'bigint' });

/**
 * Between which positions the events of a minute lie. Turns times into positions, by which everything is ordered: the clock of a deployment
 * may go back, positions don't, and an index over the times of all events would cost more than all others.
 */
export type AuditMinuteRow = { readonly minute: string; readonly firstPosition: bigint; readonly lastPosition: bigint };
export const auditMinuteTable = table<AuditMinuteRow>('audit_minute', ['minute'], { minute: 'text', firstPosition: 'bigint', lastPosition: 'bigint' });

/** `2026-11-20T12:00` of an instant. */
export const minuteOf = (instant: string): string => instant.slice(0, 16);

class CreateAuditTables1760000000040 {
  readonly name = 'CreateAuditTables1760000000040';
  async up(runner: QueryRunner): Promise<void> {
    const { text, rowId, byKey } = ddl(runner);
    const statements = [
      `CREATE TABLE audit_event (position ${rowId} PRIMARY KEY, stream ${text} NOT NULL, revision BIGINT NOT NULL, event_id ${text} NOT NULL, type_name ${text} NOT NULL, type_version ${text} NOT NULL,
        at ${text} NOT NULL, actor_issuer ${text} NOT NULL, actor_subject ${text} NOT NULL, operation_id ${text})`,
      'CREATE INDEX audit_event_by_operation ON audit_event (operation_id, position)',
      'CREATE INDEX audit_event_by_type ON audit_event (type_name, position)',
      'CREATE INDEX audit_event_by_actor ON audit_event (actor_subject, position)',
      `CREATE TABLE audit_key (key_id ${text} NOT NULL, position BIGINT NOT NULL, PRIMARY KEY (key_id, position)) ${byKey}`,
      `CREATE TABLE audit_minute (minute ${text} PRIMARY KEY, first_position BIGINT NOT NULL, last_position BIGINT NOT NULL)`,
    ];
    for (const statement of statements) await runner.query(statement);
  }
  async down(runner: QueryRunner): Promise<void> {
    for (const name of ['audit_minute', 'audit_key', 'audit_event']) await runner.query(`DROP TABLE ${name}`);
  }
}

export const evidencePart: ReadModelPart = { tables: [auditEventTable, auditKeyTable, auditMinuteTable], migrations: [CreateAuditTables1760000000040] };
