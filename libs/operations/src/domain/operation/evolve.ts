import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { exhaustive } from '#kernel/exhaustive.js';
import { isOlderThan } from './approvals.js';
import { CHALLENGE_LASTS_MS, MAX_OPEN_CHALLENGES } from './challenge.js';
import type { ApprovalGiven, DecisionChallenged, GivenProof, OperationEvent, RejectionGiven } from './events.js';
import { namedApproval } from './sequence.js';
import type { GrantState, OperationState, StandingDecision } from './state.js';

/** Folds one event into the state. Returns and settlements after a final state are booked; they change no state name. */
export function evolveOperation(state: OperationState, event: OperationEvent): OperationState {
  switch (event.type) {
    case 'operations.requested.v1':
      return { ...state, status: 'pending', request: event.data, grants: event.data.keyUsages.map((k) => ({ ...k, reserved: 0, spent: 0 })) };
    case 'operations.decision-challenged.v1':
      return { ...state, challenges: withChallenge(state.challenges, event.data) };
    case 'operations.approval-given.v1':
    case 'operations.rejection-given.v1':
      return decided(state, standing(event));
    case 'operations.approval-withdrawn.v1':
      return { ...state, status: state.status === 'approved' ? 'pending' : state.status, decisions: without(state.decisions, event.data.by), named: without(state.named, event.data.by) };
    case 'operations.approved.v1':
      return { ...state, status: 'approved' };
    case 'operations.rejected.v1':
      return { ...state, status: 'rejected' };
    case 'operations.revoked.v1':
      return { ...state, status: 'revoked' };
    case 'operations.expired.v1':
      return { ...state, status: 'expired' };
    case 'operations.exhausted.v1':
      return { ...state, status: 'exhausted' };
    case 'operations.uses-reserved.v1': {
      const { signOrderId, keyId, count, bodyDigest } = event.data;
      return { ...state, everReserved: true, open: new Map(state.open).set(signOrderId, { keyId, count, bodyDigest }), grants: adjust(state.grants, keyId, count, 0) };
    }
    case 'operations.uses-settled.v1':
      return close(state, event.data.settled.map(({ signOrderId, spent }) => ({ signOrderId, count: spent, spent })));
    case 'operations.uses-returned.v1':
      return close(state, event.data.returned.map(({ signOrderId, count }) => ({ signOrderId, count, spent: 0 })));
    case 'operations.review-opened.v1':
      return { ...state, review: { openedAt: event.data.at, dueAt: event.data.dueAt, status: 'open', overdueKeys: [], verdicts: [] } };
    case 'operations.review-given.v1': {
      const { verdict, by, roles, groups, at, personal } = event.data;
      return state.review === null ? state : { ...state, review: { ...state.review, verdicts: [...state.review.verdicts, { verdict, by: { ...by, roles, groups }, name: personal.name, at, comment: personal.comment }] } };
    }
    case 'operations.review-closed.v1':
      return state.review === null ? state : { ...state, review: { ...state.review, status: event.data.verdict } };
    case 'operations.review-overdue.v1':
      return state.review === null ? state : { ...state, review: { ...state.review, status: 'overdue', overdueKeys: event.data.keyIds } };
    case 'operations.reminder-due.v1':
      return { ...state, reminded: true };
    case 'operations.escalated.v1':
      return { ...state, escalated: true };
    case 'operations.decision-refused.v1':
    case 'operations.use-refused.v1':
      return state;
    default:
      return exhaustive(event);
  }
}

const standing = ({ type, data }: ApprovalGiven | RejectionGiven): StandingDecision => ({
  decision: type === 'operations.approval-given.v1' ? 'approve' : 'reject',
  by: { ...data.by, roles: data.roles, groups: data.groups },
  name: data.personal.name,
  claims: data.personal.claims,
  at: data.at,
  comment: data.personal.comment,
  ...(data.proof === undefined ? {} : { proof: data.proof }),
  ...(data.onBehalfOf === undefined ? {} : { onBehalfOf: data.onBehalfOf }),
});

const without = <D extends { readonly by: Actor }>(of: readonly D[], by: Actor): readonly D[] => of.filter((d) => !sameActor(d.by, by));

/** An approval that does not count any more may be given anew. */
function decided(state: OperationState, given: StandingDecision): OperationState {
  const named = given.decision === 'approve' ? namedApproval(given) : undefined;
  return { ...answered(state, given.proof), decisions: [...without(state.decisions, given.by), given], named: named === undefined ? state.named : [...state.named, named] };
}

/** One account's are bounded, so that nobody can push out another's. Those whose time is over stay for as long again: whoever answers too late is told so. */
function withChallenge(challenges: OperationState['challenges'], challenge: DecisionChallenged['data']): OperationState['challenges'] {
  const recent = [...challenges].filter(([, c]) => !isOlderThan(c.expiresAt, CHALLENGE_LASTS_MS, challenge.at));
  const own = recent.filter(([, c]) => sameActor(c.by, challenge.by)).map(([id]) => id);
  const next = new Map(recent);
  for (const id of own.slice(0, Math.max(0, own.length + 1 - MAX_OPEN_CHALLENGES))) next.delete(id);
  return next.set(challenge.challengeId, challenge);
}

function answered(state: OperationState, proof: GivenProof | undefined): OperationState {
  if (proof === undefined) return state;
  const challenges = new Map(state.challenges);
  challenges.delete(proof.challengeId);
  return { ...state, challenges, answered: new Set(state.answered).add(proof.challengeId) };
}

const adjust = (grants: readonly GrantState[], keyId: string, reserved: number, spent: number): readonly GrantState[] =>
  grants.map((g) => (g.keyId === keyId ? { ...g, reserved: g.reserved + reserved, spent: g.spent + spent } : g));

interface Booked {
  readonly signOrderId: string;
  readonly count: number;
  readonly spent: number;
}

/** Takes `count` uses out of each order's reservation, `spent` of them for good, but no more than it holds; a reservation with nothing left is closed. */
function close(state: OperationState, booked: readonly Booked[]): OperationState {
  // One copy an event: a settlement has hundreds of orders, and `open` as many.
  const open = new Map(state.open);
  let { grants } = state;
  for (const { signOrderId, count, spent } of booked) {
    const reservation = open.get(signOrderId);
    if (reservation === undefined) continue;
    const taken = Math.min(count, reservation.count);
    if (reservation.count > taken) open.set(signOrderId, { ...reservation, count: reservation.count - taken });
    else open.delete(signOrderId);
    grants = adjust(grants, reservation.keyId, -taken, Math.min(spent, taken));
  }
  return { ...state, open, grants };
}
