import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import { OPERATION_PREFIX } from '#operations/contract.js';
import type { UsesReserved } from '#operations/contract.js';
import type { Transaction } from '#platform/read-model/database.js';
import { StreamGapError } from '#platform/read-model/projection.js';
import type { Projection, ProjectionBatch } from '#platform/read-model/projection.js';
import { listOfMany, sql } from '#platform/read-model/sql.js';
import { signOrderKind } from '../../application/sign-order-kind.js';
import { viewReserved } from '../../application/view-sign-order.js';
import { SIGN_ORDER_PREFIX } from '../../streams.js';
import { hasEnded } from '../../domain/sign-order/state.js';
import type { SignOrderState } from '../../domain/sign-order/state.js';
import { NOT_ENDED, signingPart, signOrderTable } from './sign-order-tables.js';
import type { SignOrderRow } from './sign-order-tables.js';

/** Orders under way that are kept between batches; ended ones are let go. */
const KEPT = 10_000;
const RESERVED: UsesReserved['type'] = 'operations.uses-reserved.v1';

/** A row with its state not yet made text. */
type Entry = Omit<SignOrderRow, 'state'> & { readonly state: SignOrderState | null };

/** Sign orders by operation, and which of them had started and not ended at a position. */
export class SignOrderProjection implements Projection {
  readonly name = 'sign-orders';
  readonly version = `1+${signOrderKind.snapshotVersion}`;
  readonly tables = signingPart.tables;
  #kept = new LruMap<string, Entry>(KEPT);

  forget(): void {
    this.#kept = new LruMap<string, Entry>(KEPT);
  }

  async begin(events: readonly RecordedEvent[], tx: Transaction): Promise<ProjectionBatch> {
    const rows = new Map<string, Entry>();
    const reservedHere = new Set<string>();
    const missing = new Set<string>();
    for (const event of events) {
      if (isReservation(event)) reservedHere.add((event.data as UsesReserved['data']).signOrderId);
      const id = signOrderIdOf(event.stream);
      if (id === undefined || rows.has(id) || reservedHere.has(id)) continue;
      const kept = this.#kept.get(id);
      if (kept !== undefined) rows.set(id, kept);
      else missing.add(id);
    }
    for (const row of await load(tx, [...missing])) rows.set(row.signOrderId, row);
    const touched = new Set<string>();
    return {
      apply: (event) => {
        const next = isReservation(event) ? reserved(event) : follow(rows, event);
        if (next === undefined || (isReservation(event) && rows.has(next.signOrderId))) return;
        rows.set(next.signOrderId, next);
        touched.add(next.signOrderId);
      },
      write: async (into) => {
        const changed = [...touched].flatMap((id) => rows.get(id) ?? []);
        await into.upsert(signOrderTable, changed.map((e) => ({ ...e, state: e.state === null ? null : JSON.stringify(signOrderKind.toJson(e.state)) })));
        for (const row of changed) {
          if (row.endedPosition === NOT_ENDED) this.#kept.set(row.signOrderId, row);
          else this.#kept.delete(row.signOrderId);
        }
      },
    };
  }
}

const signOrderIdOf = (stream: string): string | undefined => (stream.startsWith(SIGN_ORDER_PREFIX) ? stream.slice(SIGN_ORDER_PREFIX.length) : undefined);
const isReservation = (event: RecordedEvent): boolean => event.type === RESERVED && event.stream.startsWith(OPERATION_PREFIX);

function reserved(event: RecordedEvent): Entry {
  const data = event.data as UsesReserved['data'];
  const { signOrderId, operationId, keyId } = data;
  return { requestedPosition: event.position, signOrderId, operationId, keyId, startedPosition: null, endedPosition: NOT_ENDED, revision: -1, reserved: JSON.stringify(viewReserved(data)), state: null };
}

/** @returns undefined for events of other streams and those that the row has */
function follow(rows: ReadonlyMap<string, Entry>, event: RecordedEvent): Entry | undefined {
  const id = signOrderIdOf(event.stream);
  if (id === undefined) return undefined;
  const row = rows.get(id);
  if (row !== undefined && event.revision <= row.revision) return undefined;
  if (row === undefined || event.revision !== row.revision + 1) throw new StreamGapError(event, row?.revision ?? -1);
  const after = signOrderKind.evolve(row.state ?? signOrderKind.initialState, signOrderKind.decode(event));
  return {
    ...row,
    revision: event.revision,
    state: shortened(after),
    startedPosition: row.startedPosition ?? (after.status === 'started' ? event.position : null),
    endedPosition: row.endedPosition === NOT_ENDED && hasEnded(after) ? event.position : row.endedPosition,
  };
}

/** Without the digests, which no view shows. */
function shortened(state: SignOrderState): SignOrderState {
  if (state.facts === null) return state;
  const { operationId, signOrderId, reservation, bodyDigest, requestedAt, keyId, algorithm, count, format } = state.facts;
  return { ...state, digests: [], facts: { operationId, signOrderId, reservation, bodyDigest, requestedAt, keyId, algorithm, count, format } };
}

type StoredRow = Omit<SignOrderRow, 'requestedPosition' | 'startedPosition' | 'endedPosition' | 'revision'> & {
  readonly requestedPosition: string;
  readonly startedPosition: string | null;
  readonly endedPosition: string;
  readonly revision: number | string;
};

async function load(tx: Transaction, ids: readonly string[]): Promise<readonly Entry[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<StoredRow>(sql`
    SELECT CAST(requested_position AS TEXT) AS "requestedPosition", sign_order_id AS "signOrderId", operation_id AS "operationId", key_id AS "keyId",
      CAST(started_position AS TEXT) AS "startedPosition", CAST(ended_position AS TEXT) AS "endedPosition", revision AS revision, reserved AS reserved, state AS state
    FROM sign_order WHERE sign_order_id IN ${listOfMany(ids)}`);
  return rows.map((row) => ({
    ...row,
    requestedPosition: BigInt(row.requestedPosition),
    startedPosition: row.startedPosition === null ? null : BigInt(row.startedPosition),
    endedPosition: BigInt(row.endedPosition),
    revision: Number(row.revision),
    state: row.state === null ? null : signOrderKind.fromJson(JSON.parse(row.state) as never),
  }));
}
