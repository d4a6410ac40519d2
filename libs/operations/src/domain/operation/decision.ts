import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Directory, StandIn } from '#identity/contract.js';
import { mayApprove, names, optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { approversFor, claimsNow, claimsOfStandIn, decidedBy, groupsAgainst, isDecidedFor, isExclusive, isShutOut, isSuspended, isTaken, relationTo } from './approvals.js';
import { finalRefusal } from './refusal.js';
import { inOrder } from './sequence.js';
import { asTold } from './state.js';
import type { OperationState } from './state.js';
import { allPolicies, quorumMet, statusAt } from './status.js';

/** In whose name somebody decides. */
export interface Capacity {
  /** Undefined: in his own. */
  readonly standIn: StandIn | undefined;
  /** False: an approval would count for nothing, since it is decided already for whom he stands in for. */
  readonly counts: boolean;
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
  if (isSuspended(person, directory)) return new DomainError('NOT_ELIGIBLE', 'you are suspended');
  if (isExclusive(groupsAgainst(person, person.groups, now, directory), directory)) return new DomainError('NOT_ELIGIBLE', 'you are in two groups that exclude each other');
  const policies = allPolicies(state).filter((policy) => !isShutOut(policy, person, () => person.groups, now, directory));
  if (policies.some((policy) => isOpenTo(policy, state, { ...person, ...claimsNow(policy, person, directory) }, now, directory))) return { standIn: undefined, counts: true };
  return standInOf(policies, state, person, now, directory) ?? new DomainError('NOT_ELIGIBLE', isNamedByOne(policies, person, directory) ? 'the step that names you is not open yet' : 'no policy of this operation names you');
}

const isNamedByOne = (policies: readonly Policy[], person: PolicyPrincipal, directory: Directory): boolean => policies.some((policy) => names(policy, { ...person, ...claimsNow(policy, person, directory) }));

/** Whether some policy of it names somebody for whom this person stands in, open to him now or not. */
export const isNamedForAnother = (state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): boolean =>
  directory.principalsOf(person, now).some((standIn) =>
    allPolicies(state).some((policy) => {
      const claims = claimsOfStandIn(policy, standIn, now, directory);
      return claims !== undefined && names(policy, { ...person, ...claims });
    }));

/** For whom he may decide: the first for whom it is not decided yet, else the first. What shuts out either of them does so for both. */
function standInOf(policies: readonly Policy[], state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): Capacity | undefined {
  let idle: Capacity | undefined;
  for (const named of directory.principalsOf(person, now)) {
    const { principal } = named;
    if (isSuspended(principal, directory) || relationTo(state, principal, now, directory) !== undefined) continue;
    const open = policies.flatMap((policy) => {
      const claims = claimsOfStandIn(policy, named, now, directory);
      const takes = claims !== undefined && !isShutOut(policy, principal, () => [], now, directory) && isOpenTo(policy, state, { ...person, ...claims }, now, directory);
      return takes ? [{ policy, groups: claims.groups }] : [];
    });
    if (open.length === 0) continue;
    // What is stored is what he brings: groups that the principal is not in are none.
    const standIn = { ...named, groups: named.groups.filter((g) => open.some(({ groups }) => groups.includes(g))) };
    if (open.some(({ policy }) => !isDecidedFor([person, principal], policy, state, now, directory))) return { standIn, counts: true };
    idle ??= { standIn, counts: false };
  }
  return idle;
}

/** The queue and the check are this one function: whether this person can give a first approval now. */
export function mayDecideNow(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): boolean {
  if (pendingRefusal(state, now, directory) !== undefined || decisionOf(state, person, now, directory) !== undefined) return false;
  const standing = standingOf(state, person, now, directory);
  return !(standing instanceof DomainError) && standing.counts;
}

/** Why an approval in this capacity would be of no use; undefined: it would be. */
export const idleRefusal = ({ counts }: Capacity, decision: 'approve' | 'reject'): DomainError | undefined =>
  counts || decision === 'reject' ? undefined : new DomainError('ALREADY_DECIDED', 'it is decided already for whom you stand in for');

/** The decision of this human that stands, under whatever account he gave it: a rejection always does. An approval that a policy does not count any more may be given anew. */
export function decisionOf(state: OperationState, person: PolicyPrincipal, now: Instant, directory: Directory): 'approve' | 'reject' | undefined {
  const human = directory.personOf(person);
  const his = state.decisions.filter((d) => directory.personOf(d.by) === human);
  if (his.length === 0) return undefined;
  if (his.some((d) => d.decision === 'reject')) return 'reject';
  const given = allPolicies(state).map((policy) => ({ policy, by: his.filter((d) => names(policy, asTold(d))) })).filter(({ by }) => by.length > 0);
  return given.every(({ policy, by }) => by.some((d) => isTaken(policy, d, state, now, directory))) ? 'approve' : undefined;
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

/**
 * Whether a policy has had as many rejections as it takes, by different humans whom it names. A deputy's is that of whom he stood in for, who is one human with all that he owns. It
 * counts as it was told: what takes power away does not lapse with who gave it.
 */
export const isRejected = (state: OperationState, directory: Pick<Directory, 'personOf' | 'ownersOf'>): boolean =>
  allPolicies(state).some((policy) => rejectionsFor(policy, state, directory) >= optionsOf(policy).rejectionsToReject);

export function rejectionsFor(policy: Policy, state: OperationState, directory: Pick<Directory, 'personOf' | 'ownersOf'>): number {
  const taken = new Set<string>();
  return state.decisions.filter((d) => {
    if (d.decision !== 'reject' || !names(policy, asTold(d))) return false;
    const humans = decidedBy(d, directory);
    const isNew = !humans.some((human) => taken.has(human));
    for (const human of humans) taken.add(human);
    return isNew;
  }).length;
}
