import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { Transaction } from '#platform/read-model/database.js';
import type { Projection, ProjectionBatch } from '#platform/read-model/projection.js';
import { joined, sql } from '#platform/read-model/sql.js';
import { keyIdsOf, operationIdOf, typeOf } from '../../application/event-facts.js';
import { auditEventTable, auditKeyTable, evidencePart, minuteOf } from './audit-tables.js';
import type { AuditEventRow, AuditKeyRow, AuditMinuteRow } from './audit-tables.js';

/** The index of every event of every stream, of types that this release does not know as well. */
export class AuditProjection implements Projection {
  readonly name = 'audit';
  readonly version = '1';
  readonly tables = evidencePart.tables;

  forget(): void {
    // It keeps nothing between batches.
  }

  begin(): Promise<ProjectionBatch> {
    const events: AuditEventRow[] = [];
    const keys: AuditKeyRow[] = [];
    const minutes = new Map<string, AuditMinuteRow>();
    return Promise.resolve({
      apply: (event) => {
        const row = rowOf(event);
        events.push(row);
        for (const keyId of keyIdsOf(event)) keys.push({ keyId, position: event.position });
        const minute = minuteOf(row.at);
        minutes.set(minute, { minute, firstPosition: minutes.get(minute)?.firstPosition ?? event.position, lastPosition: event.position });
      },
      write: async (tx) => {
        await tx.upsert(auditEventTable, events);
        await tx.upsert(auditKeyTable, keys);
        await extendMinutes(tx, [...minutes.values()]);
      },
    });
  }
}

function rowOf(event: RecordedEvent): AuditEventRow {
  const { name, version } = typeOf(event.type);
  const { actor, at } = event.metadata;
  return {
    position: event.position, stream: event.stream, revision: event.revision, eventId: event.id, typeName: name, typeVersion: version,
    at, actorIssuer: actor.issuer, actorSubject: actor.subject, operationId: operationIdOf(event) ?? null,
  };
}

/** Positions only grow: a minute that is there keeps where it begins. */
async function extendMinutes(tx: Transaction, rows: readonly AuditMinuteRow[]): Promise<void> {
  if (rows.length === 0) return;
  const values = rows.map((r) => sql`(${r.minute}, ${r.firstPosition}, ${r.lastPosition})`);
  await tx.run(sql`INSERT INTO audit_minute (minute, first_position, last_position) VALUES ${joined(values, ', ')} ON CONFLICT (minute) DO UPDATE SET last_position = excluded.last_position`);
}
