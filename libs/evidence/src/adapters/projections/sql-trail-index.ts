import type { PageRequest } from '#eventing/page.js';
import { decodeCursor, encodeCursor, POSITION_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { joined, literal, sql } from '#platform/read-model/sql.js';
import type { Sql } from '#platform/read-model/sql.js';
import type { AuditFilter } from '../../application/audit-trail/audit-trail.query.js';
import { actorsOf, typeOf } from '../../application/event-facts.js';
import type { IndexPage, TrailIndex } from '../../application/ports/trail-index.port.js';
import { minuteOf } from './audit-tables.js';

const OPERATION_CURSOR = 'trail';
const AUDIT_CURSOR = 'audit';
const COLUMNS = literal('CAST(e.position AS TEXT) AS "at", e.stream AS stream, CAST(e.revision AS TEXT) AS revision, e.event_id AS id');

type IndexRow = { readonly at: string; readonly stream: string; readonly revision: string; readonly id: string };
interface Bounds {
  readonly low: bigint | undefined;
  readonly high: bigint | undefined;
}

export class SqlTrailIndex implements TrailIndex {
  constructor(private readonly database: ReadModelDatabase) {}

  async ofOperation(operationId: string, page: PageRequest): Promise<IndexPage> {
    const [after] = page.cursor === null ? [] : decodeCursor(page.cursor, OPERATION_CURSOR, POSITION_FORM);
    const rows = await this.database.query<IndexRow>(sql`
      SELECT ${COLUMNS} FROM audit_event e WHERE e.operation_id = ${operationId} ${after === undefined ? literal('') : sql`AND e.position > ${BigInt(after)}`}
      ORDER BY e.position LIMIT ${page.limit + 1}`);
    return pageOf(rows, page.limit, OPERATION_CURSOR);
  }

  async all(filter: AuditFilter, page: PageRequest): Promise<IndexPage> {
    const [before] = page.cursor === null ? [] : decodeCursor(page.cursor, AUDIT_CURSOR, POSITION_FORM);
    const bounds = await this.boundsOf(filter);
    if (bounds === undefined) return { events: [] };
    const selects = (filter.actor === null ? [null] : actorsOf(filter.actor)).map((actor) => select(filter, actor, bounds, before, page.limit + 1));
    const found = await Promise.all(selects.map((query) => this.database.query<IndexRow>(query)));
    const rows = new Map(found.flat().map((row) => [row.at, row]));
    const newestFirst = [...rows.values()].sort((a, b) => (BigInt(a.at) < BigInt(b.at) ? 1 : -1)).slice(0, page.limit + 1);
    return pageOf(newestFirst, page.limit, AUDIT_CURSOR);
  }

  /** Positions outside of which no event of that time lies; undefined when there is none at all. */
  private async boundsOf({ from, to }: AuditFilter): Promise<Bounds | undefined> {
    if (from === null && to === null) return { low: undefined, high: undefined };
    const where = [...(from === null ? [] : [sql`minute >= ${minuteOf(from)}`]), ...(to === null ? [] : [sql`minute <= ${minuteOf(to)}`])];
    const [row] = await this.database.query<{ low: string | null; high: string | null }>(
      sql`SELECT CAST(MIN(first_position) AS TEXT) AS low, CAST(MAX(last_position) AS TEXT) AS high FROM audit_minute WHERE ${joined(where, ' AND ')}`,
    );
    return row === undefined || row.low === null || row.high === null ? undefined : { low: BigInt(row.low), high: BigInt(row.high) };
  }
}

/** Each filter has an index whose entries are in the order of positions; of several the database takes one and looks at the rows for the others. */
function select({ type, keyId, from, to }: AuditFilter, actor: { readonly issuer: string | null; readonly subject: string } | null, { low, high }: Bounds, before: string | undefined, limit: number): Sql {
  const position = literal(keyId === null ? 'e.position' : 'k.position');
  const where: Sql[] = [];
  if (keyId !== null) where.push(sql`k.key_id = ${keyId}`);
  if (type !== null) where.push(typeCondition(type));
  if (actor !== null) where.push(sql`e.actor_subject = ${actor.subject}`);
  if (actor !== null && actor.issuer !== null) where.push(sql`e.actor_issuer = ${actor.issuer}`);
  if (from !== null) where.push(sql`e.at >= ${from}`);
  if (to !== null) where.push(sql`e.at < ${to}`);
  if (low !== undefined) where.push(sql`${position} >= ${low}`);
  if (high !== undefined) where.push(sql`${position} <= ${high}`);
  if (before !== undefined) where.push(sql`${position} < ${BigInt(before)}`);
  return sql`
    SELECT ${COLUMNS} FROM audit_event e ${keyId === null ? literal('') : literal('JOIN audit_key k ON k.position = e.position')}
    ${where.length === 0 ? literal('') : sql`WHERE ${joined(where, ' AND ')}`} ORDER BY ${position} DESC LIMIT ${limit}`;
}

function typeCondition(type: string): Sql {
  const { name, version } = typeOf(type);
  return version === '' ? sql`e.type_name = ${name}` : sql`e.type_name = ${name} AND e.type_version = ${version}`;
}

function pageOf(rows: readonly IndexRow[], limit: number, cursor: string): IndexPage {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const events = shown.map((row) => ({ position: BigInt(row.at), stream: row.stream, revision: Number(row.revision), id: row.id }));
  return { events, ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor(cursor, last.at) } : {}) };
}
