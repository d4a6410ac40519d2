import type { Page, PageRequest } from '#eventing/page.js';
import type { Directory } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import { decodeCursor, encodeCursor, POSITION_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { joined, literal, sql } from '#platform/read-model/sql.js';
import type { Sql } from '#platform/read-model/sql.js';
import type { OperationList, OperationListFilter } from '../../application/ports/operation-list.port.js';
import type { OperationView, OperationViewState } from '../../application/operation-view.js';
import { viewOperation } from '../../application/view-operation.js';
import { stateOf } from './stored-operation.js';

const CURSOR = 'operations';
type ListedRow = { readonly position: string; readonly revision: number | string; readonly progress: string; readonly request: string };

export class SqlOperationList implements OperationList {
  constructor(private readonly database: ReadModelDatabase) {}

  async list(filter: OperationListFilter, page: PageRequest, now: Instant, directory: Directory): Promise<Page<OperationView>> {
    const [before] = page.cursor === null ? [] : decodeCursor(page.cursor, CURSOR, POSITION_FORM);
    const wanted = page.limit + 1;
    const found = await Promise.all(conditionsOf(filter.state, now).map((condition) => this.database.query<ListedRow>(select(filter, condition, before, wanted))));
    const rows = found.flat().sort((a, b) => (BigInt(a.position) < BigInt(b.position) ? 1 : -1));
    const shown = rows.slice(0, page.limit);
    const items = shown.flatMap((row) => viewOperation(stateOf(row), Number(row.revision), now, directory) ?? []);
    const last = shown.at(-1);
    return { items, ...(rows.length > page.limit && last !== undefined ? { nextCursor: encodeCursor(CURSOR, last.position) } : {}) };
  }
}

/**
 * What is stored is what the events told; the clock expires what lives on in the rows. One condition a query, each of which an index answers in order,
 * and no row meets two of them.
 */
function conditionsOf(state: OperationViewState | null, now: Instant): readonly (Sql | null)[] {
  switch (state) {
    case null:
      return [null];
    // The concatenation keeps the database from the index of expiries, which would have it sort all that live.
    case 'pending':
      return [sql`o.status = 'pending' AND o.expires_at || '' > ${now}`, sql`o.status = 'approved' AND o.lapses_at <= ${now} AND o.expires_at || '' > ${now}`];
    case 'approved':
      return [sql`o.status = 'approved' AND (o.lapses_at IS NULL OR o.lapses_at > ${now}) AND o.expires_at || '' > ${now}`];
    case 'expired':
      return [sql`o.status = 'expired'`, sql`o.status IN ('pending', 'approved') AND o.expires_at <= ${now}`];
    case 'rejected':
    case 'revoked':
    case 'exhausted':
      return [sql`o.status = ${state}`];
  }
}

function select({ keyId, requestedBy, decidedBy }: OperationListFilter, condition: Sql | null, before: string | undefined, limit: number): Sql {
  // The table whose index narrows it down most also gives the order.
  const order = literal(keyId !== null ? 'k.requested_position' : decidedBy !== null ? 'd.requested_position' : 'o.requested_position');
  const where: Sql[] = [];
  if (condition !== null) where.push(condition);
  if (requestedBy !== null) where.push(sql`o.requester_subject = ${requestedBy.subject} AND o.requester_issuer = ${requestedBy.issuer}`);
  if (keyId !== null) where.push(sql`k.key_id = ${keyId}`);
  if (decidedBy !== null) where.push(sql`d.subject = ${decidedBy.subject} AND d.issuer = ${decidedBy.issuer}`);
  if (before !== undefined) where.push(sql`${order} < ${BigInt(before)}`);
  return sql`
    SELECT CAST(o.requested_position AS TEXT) AS position, o.revision AS revision, o.progress AS progress, r.request AS request
    FROM operation o JOIN operation_request r ON r.requested_position = o.requested_position
    ${keyId === null ? literal('') : literal('JOIN operation_key k ON k.requested_position = o.requested_position')}
    ${decidedBy === null ? literal('') : literal('JOIN operation_decider d ON d.requested_position = o.requested_position')}
    ${where.length === 0 ? literal('') : sql`WHERE ${joined(where, ' AND ')}`}
    ORDER BY ${order} DESC LIMIT ${limit}`;
}
