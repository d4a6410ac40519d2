import { NOBODY_KNOWN } from '#identity/contract.js';
import { evaluatePolicy, optionsOf } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import { asTold } from './state.js';
import { rejectionsFor } from './decision.js';
import type { OperationState, StandingDecision } from './state.js';
import { policiesOf } from './status.js';

export type Outcome = 'approved' | 'rejected' | 'pending';
export interface OutcomeUnder {
  readonly outcome: Outcome;
  readonly missing: number;
}

const proves = (policy: Policy, { proof }: StandingDecision): boolean => {
  const { requiredProof } = optionsOf(policy);
  return requiredProof === 'token' || (proof !== undefined && (requiredProof === 'signature' || proof.type === 'webauthn'));
};

/** What the decisions of an operation, as they told people then, come to under other policies: of one key (null: of every key). Delays, hours and ages are left out. */
export function outcomeUnder(state: OperationState, keyId: string | null, policies: readonly Policy[] | null): OutcomeUnder {
  const judged = state.grants.flatMap((g) => (policies !== null && (keyId === null || keyId === g.keyId) ? policies : policiesOf(g)));
  const rejected = judged.some((policy) => rejectionsFor(policy, state, NOBODY_KNOWN) >= optionsOf(policy).rejectionsToReject);
  const missing = Math.max(0, ...judged.map((policy) => evaluatePolicy(policy, state.decisions.filter((d) => d.decision === 'approve' && proves(policy, d)).map(asTold)).missing));
  return { outcome: rejected ? 'rejected' : missing === 0 ? 'approved' : 'pending', missing };
}
