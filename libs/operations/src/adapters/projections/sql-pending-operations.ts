import type { Instant } from '#kernel/clock.js';
import type { Actor } from '#kernel/actor.js';
import { decodeCursor, encodeCursor, INSTANT_FORM, POSITION_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { joined, listOfMany, sql } from '#platform/read-model/sql.js';
import type { Sql } from '#platform/read-model/sql.js';
import type { PendingOperation, PendingOperations, QueueTerm } from '../../application/ports/pending-operations.port.js';
import { stateOf } from './stored-operation.js';

const CURSOR = 'queue';
/** SQLite joins at most 500 SELECTs into one. */
const TERMS_PER_QUERY = 100;

type TermRow = { readonly expiresAt: string; readonly position: string };
type StateRow = { readonly position: string; readonly revision: number | string; readonly progress: string; readonly request: string };

/**
 * Candidates from the index of (role, group, expiry): one short walk for each pair that the person has, merged here. What he decided already and what he asked for
 * himself is passed over in the index, so that whoever decided thousands does not wait for them.
 */
export class SqlPendingOperations implements PendingOperations {
  constructor(private readonly database: ReadModelDatabase) {}

  async candidates(person: Actor, terms: readonly QueueTerm[], now: Instant, cursor: string | null, limit: number): Promise<readonly PendingOperation[]> {
    const after = cursor === null ? undefined : decodeCursor(cursor, CURSOR, INSTANT_FORM, POSITION_FORM);
    const found = new Map<string, TermRow>();
    for (let from = 0; from < terms.length; from += TERMS_PER_QUERY) {
      const walks = terms.slice(from, from + TERMS_PER_QUERY).map((term) => walk(term, person, now, after, limit));
      for (const row of await this.database.query<TermRow>(joined(walks, ' UNION ALL '))) found.set(row.position, row);
    }
    const first = [...found.values()].sort(byExpiry).slice(0, limit);
    return this.withStates(first);
  }

  private async withStates(rows: readonly TermRow[]): Promise<readonly PendingOperation[]> {
    if (rows.length === 0) return [];
    const states = await this.database.query<StateRow>(sql`
      SELECT CAST(o.requested_position AS TEXT) AS position, o.revision AS revision, o.progress AS progress, r.request AS request
      FROM operation o JOIN operation_request r ON r.requested_position = o.requested_position WHERE o.requested_position IN ${listOfMany(rows.map((r) => BigInt(r.position)))}`);
    const byPosition = new Map(states.map((s) => [s.position, s]));
    return rows.flatMap(({ position, expiresAt }) => {
      const row = byPosition.get(position);
      return row === undefined ? [] : [{ state: stateOf(row), revision: Number(row.revision), cursor: encodeCursor(CURSOR, expiresAt, position) }];
    });
  }
}

/**
 * A scalar in place of NOT EXISTS: PostgreSQL would make a join of it that reads all that the person decided for each row, or that loses the order. And one that it takes
 * for true of most rows: else it fetches and sorts all of them, in place of the first few of the index.
 */
function walk({ role, group }: QueueTerm, person: Actor, now: Instant, after: readonly string[] | undefined, limit: number): Sql {
  const [expiresAt, position] = after ?? [];
  const begin = expiresAt === undefined || position === undefined ? sql`t.expires_at > ${now}` : sql`t.expires_at > ${now} AND (t.expires_at, t.requested_position) > (${expiresAt}, ${BigInt(position)})`;
  return sql`SELECT * FROM (
    SELECT t.expires_at AS "expiresAt", CAST(t.requested_position AS TEXT) AS position FROM queue_term t
    WHERE t.role = ${role} AND t.group_name = ${group} AND ${begin}
      AND NOT (t.requester_subject = ${person.subject} AND t.requester_issuer = ${person.issuer})
      AND t.renewable + 1 <> COALESCE((SELECT 1 FROM operation_decider d WHERE d.subject = ${person.subject} AND d.issuer = ${person.issuer} AND d.requested_position = t.requested_position), 0)
    ORDER BY t.expires_at, t.requested_position LIMIT ${limit}) AS walked`;
}

const byExpiry = (a: TermRow, b: TermRow): number => {
  if (a.expiresAt !== b.expiresAt) return a.expiresAt < b.expiresAt ? -1 : 1;
  return BigInt(a.position) < BigInt(b.position) ? -1 : 1;
};
