import type { RecordedEvent } from '#eventing/event-store.port.js';
import { LruMap } from '#eventing/lru-map.js';
import { asksPeople, optionsOf, policyTerms } from '#policies/contract.js';
import { allPolicies, approversAsTold, lapsesAt } from '../../domain/operation/status.js';
import type { Transaction } from '#platform/read-model/database.js';
import { StreamGapError } from '#platform/read-model/projection.js';
import type { Projection, ProjectionBatch } from '#platform/read-model/projection.js';
import { joined, listOfMany, sql } from '#platform/read-model/sql.js';
import { evolveOperation } from '../../domain/operation/evolve.js';
import { initialOperation } from '../../domain/operation/state.js';
import type { OperationState } from '../../domain/operation/state.js';
import { decodeOperationEvent, operationKind } from '../../application/operation-kind.js';
import { OPERATION_PREFIX } from '../../streams.js';
import { operationDeciderTable, operationKeyTable, operationRequestTable, operationsPart, operationTable, queueTermTable } from './operation-tables.js';
import type { OperationDeciderRow, OperationRow, QueueTermRow } from './operation-tables.js';
import { progressOf, requestOf, stateOf } from './stored-operation.js';

/** States kept between batches; one is a few KiB, mostly its statement. */
const KEPT = 1_000;
/** SQLite takes expressions up to a depth of 1,000. */
const DELETED_TOGETHER = 200;

/** An operation in memory: as its row says, and as the events of this batch leave it. */
interface Entry {
  readonly operationId: string;
  readonly requestedPosition: bigint;
  /** Undefined while there is no row. */
  readonly stored: OperationState | undefined;
  readonly state: OperationState;
  readonly revision: number;
}

type StoredRow = { readonly operationId: string; readonly position: string; readonly revision: number | string; readonly progress: string; readonly request: string };

/** Lists of operations and the approvers' queue. */
export class OperationProjection implements Projection {
  readonly name = 'operations';
  readonly version = `4+${operationKind.snapshotVersion}`;
  readonly tables = operationsPart.tables;
  #kept = new LruMap<string, Entry>(KEPT);

  forget(): void {
    this.#kept = new LruMap<string, Entry>(KEPT);
  }

  async begin(events: readonly RecordedEvent[], tx: Transaction): Promise<ProjectionBatch> {
    const entries = new Map<string, Entry>();
    const missing = new Set<string>();
    for (const { stream, revision } of events) {
      const id = operationIdOf(stream);
      if (id === undefined || entries.has(id) || missing.has(id)) continue;
      const kept = this.#kept.get(id);
      if (kept !== undefined) entries.set(id, kept);
      else if (revision > 0) missing.add(id);
    }
    for (const entry of await load(tx, [...missing])) entries.set(entry.operationId, entry);
    const touched = new Set<string>();
    return {
      apply: (event) => {
        const id = operationIdOf(event.stream);
        if (id === undefined) return;
        const entry = entries.get(id);
        const next = follow(entry, id, event);
        if (next === entry) return;
        entries.set(id, next);
        touched.add(id);
      },
      write: async (into) => {
        const changed = [...touched].flatMap((id) => entries.get(id) ?? []);
        await write(changed, into);
        for (const entry of changed) this.#kept.set(entry.operationId, { ...entry, stored: entry.state });
      },
    };
  }
}

const operationIdOf = (stream: string): string | undefined => (stream.startsWith(OPERATION_PREFIX) ? stream.slice(OPERATION_PREFIX.length) : undefined);

function follow(entry: Entry | undefined, operationId: string, event: RecordedEvent): Entry {
  const known = entry?.revision ?? -1;
  if (entry !== undefined && event.revision <= known) return entry;
  if (event.revision !== known + 1) throw new StreamGapError(event, known);
  const state = evolveOperation(entry?.state ?? initialOperation, decodeOperationEvent(event));
  if (state.request === null) throw new TypeError('an operation begins with its request');
  return { operationId, requestedPosition: entry?.requestedPosition ?? event.position, stored: entry?.stored, state, revision: event.revision };
}

async function load(tx: Transaction, ids: readonly string[]): Promise<readonly Entry[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<StoredRow>(sql`
    SELECT o.operation_id AS "operationId", CAST(o.requested_position AS TEXT) AS position, o.revision AS revision, o.progress AS progress, r.request AS request
    FROM operation o JOIN operation_request r ON r.requested_position = o.requested_position WHERE o.operation_id IN ${listOfMany(ids)}`);
  return rows.map((row) => {
    const state = stateOf(row);
    return { operationId: row.operationId, requestedPosition: BigInt(row.position), stored: state, state, revision: Number(row.revision) };
  });
}

async function write(entries: readonly Entry[], tx: Transaction): Promise<void> {
  const fresh = entries.filter((e) => e.stored === undefined);
  await tx.upsert(operationTable, entries.flatMap(rowOf));
  await tx.upsert(operationRequestTable, fresh.map((e) => ({ requestedPosition: e.requestedPosition, request: requestOf(e.state) })));
  await tx.upsert(operationKeyTable, fresh.flatMap((e) => e.state.grants.map((g) => ({ keyId: g.keyId, requestedPosition: e.requestedPosition }))));
  const gone = entries.flatMap((e) => (e.stored === undefined ? [] : decidersOf(e, e.stored).filter((d) => !decidersOf(e, e.state).some((a) => a.subject === d.subject && a.issuer === d.issuer))));
  for (let from = 0; from < gone.length; from += DELETED_TOGETHER) {
    const these = gone.slice(from, from + DELETED_TOGETHER).map((d) => sql`(subject = ${d.subject} AND issuer = ${d.issuer} AND requested_position = ${d.requestedPosition})`);
    await tx.run(sql`DELETE FROM operation_decider WHERE ${joined(these, ' OR ')}`);
  }
  await tx.upsert(operationDeciderTable, entries.flatMap((e) => decidersOf(e, e.state).filter((d) => e.stored === undefined || !has(decidersOf(e, e.stored), d))));
  const terms = entries.map((e) => ({ before: e.stored === undefined ? [] : termsOf(e, e.stored), after: termsOf(e, e.state) }));
  const closed = terms.flatMap(({ before, after }) => before.filter((t) => !after.some((u) => sameTerm(t, u))));
  for (let from = 0; from < closed.length; from += DELETED_TOGETHER) {
    const these = closed.slice(from, from + DELETED_TOGETHER).map((t) => sql`(requested_position = ${t.requestedPosition} AND role = ${t.role} AND group_name = ${t.groupName})`);
    await tx.run(sql`DELETE FROM queue_term WHERE ${joined(these, ' OR ')}`);
  }
  await tx.upsert(queueTermTable, terms.flatMap(({ before, after }) => after.filter((t) => !before.some((u) => sameTerm(t, u) && t.renewable === u.renewable))));
}

const sameTerm = (a: QueueTermRow, b: QueueTermRow): boolean => a.role === b.role && a.groupName === b.groupName;

/** Whether somebody may be asked for a decision: also of what is approved, since approvals stop counting with the people and credentials behind them. */
const isAsked = (state: OperationState): boolean => state.status === 'pending' || (state.status === 'approved' && allPolicies(state).some(asksPeople));
/** Whether an approval may stop counting while who gave it may still approve: it grows old, its credential is revoked, what it names is withdrawn, he is nobody's deputy any more. */
const isRenewable = (state: OperationState): boolean =>
  allPolicies(state).some((policy) => optionsOf(policy).approvalValidityMs !== null || optionsOf(policy).requiredProof !== 'token') || state.decisions.some((d) => d.proof !== undefined || d.onBehalfOf !== undefined);

function rowOf({ operationId, requestedPosition, state, revision }: Entry): readonly OperationRow[] {
  if (state.request === null) return [];
  const { requestedBy, expiresAt } = state.request;
  return [{ requestedPosition, operationId, requesterIssuer: requestedBy.issuer, requesterSubject: requestedBy.subject, expiresAt, status: state.status, lapsesAt: lapsesAt(state), reviewDueAt: awaitsReview(state), revision, progress: progressOf(state) }];
}

const awaitsReview = ({ review }: OperationState): string | null => (review?.status === 'open' || review?.status === 'overdue' ? review.dueAt : null);

const decidersOf = ({ requestedPosition }: Entry, state: OperationState): readonly OperationDeciderRow[] =>
  state.decisions.map(({ by, decision, at, onBehalfOf }) => ({
    subject: by.subject, issuer: by.issuer, requestedPosition, decision, decidedAt: at, principalSubject: onBehalfOf?.principal.subject ?? '', principalIssuer: onBehalfOf?.principal.issuer ?? '',
  }));
const has = (rows: readonly OperationDeciderRow[], row: OperationDeciderRow): boolean => rows.some((r) => r.subject === row.subject && r.issuer === row.issuer && r.decidedAt === row.decidedAt && r.decision === row.decision && r.principalSubject === row.principalSubject && r.principalIssuer === row.principalIssuer);

/** Every open term once, however many policies ask for it. Whose approval is still to be counted in a step is told by the decisions alone: a term too many is looked at and passed over. */
function termsOf({ requestedPosition }: Entry, state: OperationState): readonly QueueTermRow[] {
  if (state.request === null || !isAsked(state)) return [];
  const { requestedBy, expiresAt } = state.request;
  const terms = new Map<string, QueueTermRow>();
  for (const { role, group } of allPolicies(state).flatMap((policy) => policyTerms(policy, approversAsTold(state))))
    terms.set(JSON.stringify([role, group]), { role, groupName: group ?? '', expiresAt, requestedPosition, requesterIssuer: requestedBy.issuer, requesterSubject: requestedBy.subject, renewable: isRenewable(state) ? 1 : 0 });
  return [...terms.values()];
}
