import type { Instant } from '#kernel/clock.js';
import { evaluatePolicy, mayApprove, names } from '#policies/contract.js';
import type { PolicyPrincipal, PolicyVerdict } from '#policies/contract.js';
import { sameActor } from '#kernel/actor.js';
import type { GrantedKey } from './events.js';
import type { OperationState, OperationStatus } from './state.js';

/** What an operation is at this time: expiry is decided by the clock, not by whether a timer has fired. At `expiresAt` itself it is expired. */
export function statusAt(state: OperationState, now: Instant): OperationStatus {
  const ends = state.request?.expiresAt;
  const living = state.status === 'pending' || state.status === 'approved';
  return living && ends !== undefined && now >= ends ? 'expired' : state.status;
}

/** Whose approvals stand; the requester never counts, wherever he appears. */
function countingApprovers(state: OperationState): readonly PolicyPrincipal[] {
  const requester = state.request?.requestedBy;
  return state.decisions.filter((d) => d.decision === 'approve' && (requester === undefined || !sameActor(d.by, requester))).map((d) => d.by);
}

/** Each key's policy judged alone, over the approvals that stand. */
export function quorumOf(state: OperationState): readonly { readonly keyId: string; readonly verdict: PolicyVerdict }[] {
  const approvers = countingApprovers(state);
  return state.grants.map((g) => ({ keyId: g.keyId, verdict: evaluatePolicy(g.policy, approvers) }));
}

/** All or nothing: no key is usable before every key's policy is met. */
export const quorumMet = (state: OperationState): boolean => state.status !== 'absent' && quorumOf(state).every((q) => q.verdict.met);

/** Whether some key's policy names this person for an approval now: later steps of a sequence are not open yet. */
export const isEligible = (state: OperationState, person: PolicyPrincipal): boolean => {
  const approvers = countingApprovers(state);
  return state.grants.some((g) => mayApprove(g.policy, person, approvers));
};

/** Whether some key's policy names this person at all, now or later. */
export const isNamed = (grants: readonly Pick<GrantedKey, 'policy'>[], person: PolicyPrincipal): boolean => grants.some((g) => names(g.policy, person));
