import type { Position } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Page, PageRequest } from '#eventing/page.js';
import { decodeCursor, encodeCursor, POSITION_FORM } from '#platform/read-model/cursor.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import type { ReadModelProgress } from '#platform/read-model/read-model-progress.js';
import { literal, sql } from '#platform/read-model/sql.js';
import type { SignOrderList } from '../../application/ports/sign-order-list.port.js';
import type { StartedOrders } from '../../application/ports/started-orders.port.js';
import { signOrderKind } from '../../application/sign-order-kind.js';
import type { SignOrderView } from '../../application/sign-order-view.js';
import { viewSignOrder } from '../../application/view-sign-order.js';

const CURSOR = 'sign-orders';
const CATCH_UP_MS = 2_000;

type ListedRow = { readonly position: string; readonly reserved: string; readonly state: string | null };

export class SqlSignOrders implements SignOrderList, StartedOrders {
  constructor(private readonly database: ReadModelDatabase, private readonly progress: Pick<ReadModelProgress, 'waitFor'>) {}

  async ofOperation(operationId: string, page: PageRequest): Promise<Page<SignOrderView>> {
    const [before] = page.cursor === null ? [] : decodeCursor(page.cursor, CURSOR, POSITION_FORM);
    const rows = await this.database.query<ListedRow>(sql`
      SELECT CAST(requested_position AS TEXT) AS position, reserved AS reserved, state AS state FROM sign_order
      WHERE operation_id = ${operationId} ${before === undefined ? literal('') : sql`AND requested_position < ${BigInt(before)}`}
      ORDER BY requested_position DESC LIMIT ${page.limit + 1}`);
    const shown = rows.slice(0, page.limit);
    const last = shown.at(-1);
    return { items: shown.map(viewOf), ...(rows.length > page.limit && last !== undefined ? { nextCursor: encodeCursor(CURSOR, last.position) } : {}) };
  }

  async startedBefore({ operationId, keyId }: { readonly operationId?: string; readonly keyId?: string }, position: Position): Promise<readonly string[]> {
    if (!(await this.progress.waitFor(position, CATCH_UP_MS))) throw new StoreUnavailableError('the read model lags behind: which orders may still sign is not known yet');
    // What had no end then is the top of the index of ends: orders under way, and the few that ended since. The concatenations keep the
    // database from walking through all orders of an operation instead.
    const rows = await this.database.query<{ readonly signOrderId: string; readonly position: string }>(sql`
      SELECT sign_order_id AS "signOrderId", CAST(requested_position AS TEXT) AS position FROM sign_order
      WHERE ended_position > ${position} AND started_position < ${position}
      ${operationId === undefined ? literal('') : sql`AND operation_id || '' = ${operationId}`} ${keyId === undefined ? literal('') : sql`AND key_id || '' = ${keyId}`}`);
    return [...rows].sort((a, b) => (BigInt(a.position) < BigInt(b.position) ? -1 : 1)).map((row) => row.signOrderId);
  }
}

function viewOf({ reserved, state }: ListedRow): SignOrderView {
  const view = state === null ? undefined : viewSignOrder(signOrderKind.fromJson(JSON.parse(state) as never));
  return view ?? (JSON.parse(reserved) as SignOrderView);
}
