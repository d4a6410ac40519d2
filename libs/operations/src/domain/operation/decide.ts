import { sameActor } from '#kernel/actor.js';
import type { Decider } from '#kernel/decider.js';
import { DomainError } from '#kernel/domain-error.js';
import { exhaustive } from '#kernel/exhaustive.js';
import type { OperationCommand } from './commands.js';
import { CHALLENGE_LASTS_MS, challengeRefusal, proofRefusal } from './challenge.js';
import { deadlineOf, escalatesTo } from './deadlines.js';
import { isReviewed, keysUnderReview, reviewOpenedBy, reviewRefusal, verdictOf } from './review.js';
import { decisionOf, idleRefusal, isRejected, namesTooLittle, pendingRefusal, standingOf } from './decision.js';
import type { OperationEvent, Settlement } from './events.js';
import { evolveOperation } from './evolve.js';
import { finalRefusal } from './refusal.js';
import { initialOperation, MAX_OPEN_RESERVATIONS } from './state.js';
import type { OperationState } from './state.js';
import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import { isNamed, quorumMet, statusAt } from './status.js';
import { useRefusal } from './use.js';

type Of<T extends OperationCommand['type']> = Extract<OperationCommand, { type: T }>;

export function decideOperation(command: OperationCommand, state: OperationState): readonly OperationEvent[] {
  if (command.type === 'request') return request(command, state);
  if (state.request === null) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
  switch (command.type) {
    case 'challenge':
      return challenge(command, state);
    case 'decide':
      return decide(command, state);
    case 'withdraw-approval':
      return withdrawApproval(command, state);
    case 'revoke':
      return revoke(command, state);
    case 'expire':
      return (state.status === 'pending' || state.status === 'approved') && command.now.closing >= state.request.expiresAt ? [{ type: 'operations.expired.v1', data: {} }] : [];
    case 'review':
      return review(command, state);
    case 'meet-deadline':
      return meetDeadline(command, state);
    case 'reserve-uses':
      return reserveUses(command, state);
    case 'settle-uses':
      return settleUses(command, state);
    case 'record-decision-refusals':
      return [{ type: 'operations.decision-refused.v1', data: { by: command.by, code: command.code, count: command.count } }];
    case 'record-use-refusals':
      return [{ type: 'operations.use-refused.v1', data: { by: command.by, code: command.code, keyId: command.keyId, count: command.count } }];
    default:
      return exhaustive(command);
  }
}

export const operationDecider: Decider<OperationCommand, OperationEvent, OperationState> = { initialState: initialOperation, decide: decideOperation, evolve: evolveOperation };

function request({ request: data, directory, now }: Of<'request'>, state: OperationState): readonly OperationEvent[] {
  if (state.request !== null) throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this operation exists');
  return withApproval(state, { type: 'operations.requested.v1', data }, now.closing, directory);
}

function challenge({ by, challenge: { challengeId, decision, statement }, unanswerable, directory, now }: Of<'challenge'>, state: OperationState): readonly OperationEvent[] {
  const capacity = standingOf(state, by, now.closing, directory);
  if (capacity instanceof DomainError) throw capacity;
  if (unanswerable !== null) throw unanswerable;
  const own = decisionOf(state, by, now.closing, directory);
  if (own !== undefined && own !== decision) throw new DomainError('ALREADY_DECIDED', 'you decided the other way');
  const closed = own === undefined ? pendingRefusal(state, now.closing, directory) ?? idleRefusal(capacity, decision) : undefined;
  if (closed !== undefined) throw closed;
  const at = now.closing;
  return [{ type: 'operations.decision-challenged.v1', data: { challengeId, by: { issuer: by.issuer, subject: by.subject }, decision, statement, at, expiresAt: new Date(Date.parse(at) + CHALLENGE_LASTS_MS).toISOString() } }];
}

function decide({ by, decision, requestDigest, comment, proof, directory, now }: Of<'decide'>, state: OperationState): readonly OperationEvent[] {
  const capacity = standingOf(state, by, now.closing, directory);
  if (capacity instanceof DomainError) throw capacity;
  if (requestDigest !== state.request?.requestDigest) throw new DomainError('REQUEST_DIGEST_MISMATCH', 'this is not the digest of what was asked');
  const own = decisionOf(state, by, now.closing, directory);
  if (own === decision) return [];
  if (own !== undefined) throw new DomainError('ALREADY_DECIDED', 'you decided the other way');
  const closed = pendingRefusal(state, now.closing, directory) ?? idleRefusal(capacity, decision);
  if (closed !== undefined) throw closed;
  const unproven = decision === 'approve' ? proofRefusal(state, proof) : undefined;
  if (unproven !== undefined) throw unproven;
  const challenged = proof === null ? undefined : challengeRefusal(state, by, decision, proof, now.closing);
  if (challenged !== undefined) throw challenged;
  const data = {
    by: { issuer: by.issuer, subject: by.subject }, roles: by.roles, groups: by.groups, at: now.closing, requestDigest,
    ...(proof === null || !('proof' in proof) ? {} : { proof: proof.proof }), ...(capacity.standIn === undefined ? {} : { onBehalfOf: capacity.standIn }),
    personal: { name: by.name, claims: by.claims, comment },
  };
  if (decision === 'approve') {
    const approval: OperationEvent = { type: 'operations.approval-given.v1', data };
    const stale = namesTooLittle(state, evolveOperation(state, approval), now.closing, directory);
    if (stale !== undefined) throw stale;
    return withApproval(state, approval, now.closing, directory);
  }
  const rejection: OperationEvent = { type: 'operations.rejection-given.v1', data };
  return isRejected(evolveOperation(state, rejection), directory) ? [rejection, { type: 'operations.rejected.v1', data: {} }] : [rejection];
}

/** Appends `approved` when every policy is met after the event. */
function withApproval(state: OperationState, event: OperationEvent, now: Instant, directory: Directory): readonly OperationEvent[] {
  return quorumMet(evolveOperation(state, event), now, directory) ? [event, { type: 'operations.approved.v1', data: {} }] : [event];
}

function withdrawApproval({ by, directory, now }: Of<'withdraw-approval'>, state: OperationState): readonly OperationEvent[] {
  if (!state.decisions.some((d) => d.decision === 'approve' && sameActor(d.by, by))) throw new DomainError('NOT_FOUND', 'there is no approval of yours');
  if (state.everReserved) throw new DomainError('APPROVAL_IN_USE', 'a use was reserved; the operation can only be revoked');
  const status = statusAt(state, now.closing);
  if (status !== 'pending' && status !== 'approved') throw finalRefusal(status);
  // Back to pending, unless those who remain meet every policy without him.
  return withApproval(state, { type: 'operations.approval-withdrawn.v1', data: { by: { issuer: by.issuer, subject: by.subject } } }, now.closing, directory);
}

function revoke({ by, privileged, reason, directory, now }: Of<'revoke'>, state: OperationState): readonly OperationEvent[] {
  const own = state.request !== null && sameActor(state.request.requestedBy, by);
  if (!privileged && !own && !isNamed(state, by) && standingOf(state, by, now.closing, directory) instanceof DomainError) throw new DomainError('NOT_YOUR_OPERATION', 'its orderer, its approvers and administrators revoke it');
  const status = statusAt(state, now.closing);
  if (status !== 'pending' && status !== 'approved') throw finalRefusal(status);
  return [{ type: 'operations.revoked.v1', data: { by: { issuer: by.issuer, subject: by.subject }, personal: { name: by.name, reason } } }];
}

function reserveUses({ by, order, digests, keyEnabled, inForce, directory, lacking, unavailable, now }: Of<'reserve-uses'>, state: OperationState): readonly OperationEvent[] {
  // An order has one reservation, whatever its precheck missed (rule 4).
  if (state.open.has(order.signOrderId)) return [];
  const refusal = useRefusal(state, { keyId: order.keyId, count: order.count, digests, keyEnabled, inForce }, now, { by }, directory);
  if (refusal !== undefined) throw refusal;
  const grant = state.grants.find((g) => g.keyId === order.keyId);
  if (grant === undefined || state.request === null) throw new DomainError('KEY_UNKNOWN', 'it does not cover this key');
  if (digests.length !== order.count) throw new TypeError('an order has one digest a use');
  if (lacking !== null) throw lacking;
  if (unavailable !== null) throw new DomainError('HSM_UNAVAILABLE', unavailable);
  if (state.open.size >= MAX_OPEN_RESERVATIONS) throw new DomainError('RATE_LIMITED', `${MAX_OPEN_RESERVATIONS} orders of it are under way`, { retryAfterSeconds: 1 });
  const opened = reviewOpenedBy(state, now.closing);
  const reviewed: readonly OperationEvent[] = opened === undefined ? [] : [{ type: 'operations.review-opened.v1', data: opened }];
  return [{ type: 'operations.uses-reserved.v1', data: { ...order, operationId: state.request.operationId, algorithm: grant.algorithm, publicKeySha256: grant.publicKeySha256 } }, ...reviewed];
}

function review({ by, verdict, comment, directory, now }: Of<'review'>, state: OperationState): readonly OperationEvent[] {
  const refusal = reviewRefusal(state, by, now.closing, directory);
  if (refusal !== undefined) throw refusal;
  if (verdictOf(state, by) === verdict) return [];
  if (verdictOf(state, by) !== undefined) throw new DomainError('ALREADY_DECIDED', 'you found the other before');
  // Who comes late still says what he found: it is evidence, and the keys stay as they are.
  const given: OperationEvent = {
    type: 'operations.review-given.v1',
    data: { by: { issuer: by.issuer, subject: by.subject }, roles: by.roles, groups: by.groups, at: now.closing, verdict, personal: { name: by.name, comment } },
  };
  if (state.review?.status !== 'open' && state.review?.status !== 'overdue') return [given];
  const ends = verdict === 'not-justified' || isReviewed(evolveOperation(state, given), directory);
  return ends ? [given, { type: 'operations.review-closed.v1', data: { verdict } }] : [given];
}

function meetDeadline({ deadline, now }: Of<'meet-deadline'>, state: OperationState): readonly OperationEvent[] {
  const dueAt = deadlineOf(deadline, state);
  if (dueAt === undefined || now.closing < dueAt) return [];
  switch (deadline) {
    case 'review':
      return [{ type: 'operations.review-overdue.v1', data: { keyIds: keysUnderReview(state) } }];
    case 'reminder':
      return statusAt(state, now.closing) === 'pending' ? [{ type: 'operations.reminder-due.v1', data: { dueAt } }] : [];
    case 'escalation':
      return statusAt(state, now.closing) === 'pending' ? [{ type: 'operations.escalated.v1', data: { dueAt, to: escalatesTo(state) } }] : [];
    default:
      return exhaustive(deadline);
  }
}

/** Books ends of orders once each: the first that is told, and what is not open any more is booked already. `exhausted` follows the last settled use, unless the window is over (rule 10). */
function settleUses({ outcomes, now }: Of<'settle-uses'>, state: OperationState): readonly OperationEvent[] {
  const seen = new Set<string>();
  const open = outcomes.flatMap((o) => {
    const reservation = seen.has(o.signOrderId) ? undefined : state.open.get(o.signOrderId);
    seen.add(o.signOrderId);
    return reservation === undefined ? [] : [{ ...o, ...within(o, reservation.count), keyId: reservation.keyId }];
  });
  const returned = open.filter((o) => o.returned > 0).map((o) => ({ signOrderId: o.signOrderId, keyId: o.keyId, count: o.returned, cause: o.cause }));
  const settled = open.filter((o) => o.spent > 0).map((o) => ({ signOrderId: o.signOrderId, keyId: o.keyId, spent: o.spent, cause: o.cause }));
  const events: OperationEvent[] = [];
  if (returned.length > 0) events.push({ type: 'operations.uses-returned.v1', data: { returned } });
  if (settled.length > 0) events.push({ type: 'operations.uses-settled.v1', data: { settled } });
  const after = events.reduce(evolveOperation, state);
  // By the events alone: approvals that have become too old do not bring uses back.
  if (settled.length > 0 && after.status === 'approved' && now.closing < (after.request?.expiresAt ?? '') && after.grants.every((g) => g.spent >= g.maxUsageCount)) events.push({ type: 'operations.exhausted.v1', data: {} });
  return events;
}

/** Never gives back what an outcome does not name: spent and returned together are the whole reservation. */
function within(outcome: Settlement, count: number): { readonly spent: number; readonly returned: number } {
  const returned = Math.min(Math.max(0, outcome.returned), count);
  return { returned, spent: count - returned };
}
