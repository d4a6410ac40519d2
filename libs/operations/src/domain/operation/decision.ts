import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Directory, StandIn } from '#identity/contract.js';
import { mayApprove, names, optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { approversFor, claimsNow, claimsOfStandIn, isBarred, isExclusive, relationTo } from './approvals.js';
import { finalRefusal } from './refusal.js';
import { inOrder } from './sequence.js';
import { asTold } from './state.js';
import type { OperationState } from './state.js';
import { allPolicies, quorumMet, statusAt } from './status.js';

/** In whose name somebody decides. */
export interface Capacity {
  /** Undefined: in his own. */
  readonly standIn: StandIn | undefined;
}

const RELATED = {
  self: 'who asked for an operation does not decide it',
  delegate: 'whom who asked has made his deputy does not decide it',
  owner: 'who owns what asked for it does not decide it, nor what he owns',
  mutual: 'who asked approved for you lately: two people do not approve each other’s operations',
} as const;

/** Why this person may not decide this operation, whatever the decision, or in which capacity he may, as far as he and the policies go. */
export function standingOf(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): Capacity | DomainError {
  const relation = relationTo(state, person, now, directory);
  if (relation !== undefined) return new DomainError(relation === 'mutual' ? 'NOT_ELIGIBLE' : 'SELF_APPROVAL', RELATED[relation]);
  if (directory.isSuspended(person)) return new DomainError('NOT_ELIGIBLE', 'you are suspended');
  const groups = [...person.groups, ...(directory.rosterGroups(person) ?? [])];
  if (isExclusive(groups, directory)) return new DomainError('NOT_ELIGIBLE', 'you are in two groups that exclude each other');
  const policies = allPolicies(state);
  if (policies.some((policy) => isOpenTo(policy, state, { ...person, ...claimsNow(policy, person, directory) }, now, directory))) return { standIn: undefined };
  for (const standIn of directory.principalsOf(person, now)) {
    const takes = !isBarred(state, standIn.principal, now, directory) && policies.some((policy) => {
      const claims = claimsOfStandIn(policy, standIn, now, directory);
      return claims !== undefined && !isExclusive(claims.groups, directory) && isOpenTo(policy, state, { ...person, ...claims }, now, directory);
    });
    if (takes) return { standIn };
  }
  const named = policies.some((policy) => names(policy, { ...person, ...claimsNow(policy, person, directory) }));
  return new DomainError('NOT_ELIGIBLE', named ? 'the step that names you is not open yet' : 'no policy of this operation names you');
}

/** The queue and the check are this one function: whether this person can give a first decision now. */
export function mayDecideNow(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): boolean {
  return pendingRefusal(state, now, directory) === undefined && decisionOf(state, person, now, directory) === undefined && !(standingOf(state, person, now, directory) instanceof DomainError);
}

/** The decision of this human that stands. An approval that a policy does not count any more may be given anew. */
export function decisionOf(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): 'approve' | 'reject' | undefined {
  const human = directory.personOf(person);
  const own = state.decisions.find((d) => sameActor(d.by, person) || directory.personOf(d.by) === human);
  if (own?.decision !== 'approve') return own?.decision;
  const named = allPolicies(state).filter((policy) => names(policy, own.by) || own.onBehalfOf !== undefined);
  return named.every((policy) => approversFor(policy, state, now, directory).some((a) => sameActor(a, own.by))) ? 'approve' : undefined;
}

/** Decisions are for pending operations, and for approved ones whose approvals do not count any more. */
export function pendingRefusal(state: OperationState, now: Instant, directory: Directory): DomainError | undefined {
  const status = statusAt(state, now);
  if (status === 'pending') return undefined;
  if (status !== 'approved') return finalRefusal(status);
  return quorumMet(state, now, directory) ? new DomainError('OPERATION_APPROVED', 'it is approved already') : undefined;
}

/** Why the latest approval would not count in a step that is open to who gave it: what it names was withdrawn since, or came later. Undefined: it counts there. */
export function namesTooLittle(before: OperationState, after: OperationState, now: Instant, directory: Directory): DomainError | undefined {
  const given = after.decisions.at(-1);
  const stale = given !== undefined && allPolicies(before).some((policy) => isOpenTo(policy, before, asTold(given), now, directory) && !inOrder(policy, after, directory)(given));
  return stale ? new DomainError('CHALLENGE_EXPIRED', 'this challenge does not name the approvals that have opened your step since; ask for another one') : undefined;
}

function isOpenTo(policy: Policy, state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): boolean {
  return mayApprove(policy, person, approversFor(policy, state, now, directory));
}

/** Whether a policy has had as many rejections, by different humans whom it names, as it takes. */
export function isRejected(state: OperationState, directory: Directory): boolean {
  const rejections = state.decisions.filter((d) => d.decision === 'reject');
  return allPolicies(state).some((policy) => {
    const people = new Set(rejections.filter((d) => d.onBehalfOf !== undefined || names(policy, { ...d.by, ...claimsNow(policy, d.by, directory) })).map((d) => directory.personOf(d.by)));
    return people.size >= optionsOf(policy).rejectionsToReject;
  });
}
