import type { Instant } from '#kernel/clock.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { literal, sql } from '#platform/read-model/sql.js';
import type { PastOperations } from '../../application/ports/past-operations.port.js';
import type { OperationState } from '../../domain/operation/state.js';
import { stateOf } from './stored-operation.js';

type PastRow = { readonly position: string; readonly progress: string; readonly request: string };

/** Walks along the order in which operations came; what is outside the time asked for is passed over here, since requests are kept as they were. */
export class SqlPastOperations implements PastOperations {
  constructor(private readonly database: ReadModelDatabase) {}

  async page({ keyId, from, to }: { readonly keyId: string | null; readonly from: Instant | null; readonly to: Instant | null }, cursor: bigint | null, limit: number): Promise<readonly { readonly state: OperationState; readonly cursor: bigint }[]> {
    const rows = await this.database.query<PastRow>(sql`
      SELECT CAST(o.requested_position AS TEXT) AS position, o.progress AS progress, r.request AS request
      FROM operation o JOIN operation_request r ON r.requested_position = o.requested_position
      ${keyId === null ? literal('') : literal('JOIN operation_key k ON k.requested_position = o.requested_position')}
      WHERE ${cursor === null ? literal('1 = 1') : sql`o.requested_position < ${cursor}`} ${keyId === null ? literal('') : sql`AND k.key_id = ${keyId}`}
      ORDER BY o.requested_position DESC LIMIT ${limit}`);
    return rows.map((row) => ({ state: inTime(stateOf(row), from, to), cursor: BigInt(row.position) }));
  }
}

/** An operation of another time has nothing to look at. */
function inTime(state: OperationState, from: Instant | null, to: Instant | null): OperationState {
  const at = state.request?.requestedAt ?? '';
  return (from === null || at >= from) && (to === null || at < to) ? state : { ...state, request: null, grants: [] };
}
