import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import { evaluatePolicy, names, optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal, PolicyVerdict } from '#policies/contract.js';
import { approversFor, isOlderThan } from './approvals.js';
import type { AdministrativeGrant, GrantedKey } from './events.js';
import { asTold } from './state.js';
import type { OperationState, OperationStatus } from './state.js';

/** Every policy that a key's use is under: its own, then those of its assurance level and the lower ones. */
export const policiesOf = (grant: Pick<GrantedKey, 'policy' | 'demands'>): readonly Policy[] => [grant.policy, ...(grant.demands ?? []).map((d) => d.policy)];

const administrative = (state: OperationState): readonly AdministrativeGrant[] => state.request?.grants ?? [];

/** Every policy of an operation, each judged on its own. */
export const allPolicies = (state: OperationState): readonly Policy[] => [...state.grants.flatMap(policiesOf), ...administrative(state).map((g) => g.policy)];

/**
 * What an operation is at this time: expiry is decided by the clock, not by whether a timer has fired; at `expiresAt` itself it is expired. Approved, it is pending again
 * when approvals have become too old for a policy.
 */
export function statusAt(state: OperationState, now: Instant): OperationStatus {
  const ends = state.request?.expiresAt;
  const living = state.status === 'pending' || state.status === 'approved';
  if (living && ends !== undefined && now >= ends) return 'expired';
  return state.status === 'approved' && hasLapsed(state, now) ? 'pending' : state.status;
}

function hasLapsed(state: OperationState, now: Instant): boolean {
  return allPolicies(state).some((policy) => {
    const { approvalValidityMs } = optionsOf(policy);
    if (approvalValidityMs === null) return false;
    const young = state.decisions.filter((d) => d.decision === 'approve' && !isOlderThan(d.at, approvalValidityMs, now));
    return young.length < state.decisions.length && evaluatePolicy(policy, young.map(asTold)).missing > 0;
  });
}

/** When it becomes pending again for want of young approvals, unless somebody approves anew; null: never. */
export function lapsesAt(state: OperationState): Instant | null {
  if (state.status !== 'approved') return null;
  const ends = allPolicies(state).flatMap((policy) => {
    const { approvalValidityMs } = optionsOf(policy);
    return approvalValidityMs === null ? [] : state.decisions.map((d) => new Date(Date.parse(d.at) + approvalValidityMs).toISOString());
  });
  return ends.sort().find((end) => hasLapsed(state, end)) ?? null;
}

export interface KeyQuorum {
  readonly keyId: string;
  readonly verdict: PolicyVerdict;
}

/** One verdict for all policies of a key: met when each is, missing as many as the one that misses most. */
function together(policies: readonly Policy[], state: OperationState, now: Instant, directory: Directory): PolicyVerdict {
  const missing = Math.max(0, ...policies.map((policy) => evaluatePolicy(policy, approversFor(policy, state, now, directory)).missing));
  return { met: missing === 0, missing };
}

/** Each key's policies judged alone, over the approvals that count now; the requester never counts, wherever he appears. */
export const quorumOf = (state: OperationState, now: Instant, directory: Directory): readonly KeyQuorum[] =>
  state.grants.map((g) => ({ keyId: g.keyId, verdict: together(policiesOf(g), state, now, directory) }));

export const grantQuorumOf = (state: OperationState, now: Instant, directory: Directory): readonly PolicyVerdict[] =>
  administrative(state).map((g) => together([g.policy], state, now, directory));

/** All or nothing: nothing of it is usable before every policy is met. */
export const quorumMet = (state: OperationState, now: Instant, directory: Directory): boolean =>
  state.status !== 'absent' && together(allPolicies(state), state, now, directory).met;

/** Whether some policy of it names this person, by his token, open to him now or not. */
export const isNamed = (state: OperationState, person: PolicyPrincipal): boolean => allPolicies(state).some((policy) => names(policy, person));

/** As the decisions told people at their time: what a projection can know, whatever has become of them and their credentials. */
export const approversAsTold = (state: OperationState): readonly PolicyPrincipal[] => state.decisions.filter((d) => d.decision === 'approve').map(asTold);
