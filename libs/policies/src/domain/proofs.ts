import { namedTerms } from './openness.js';
import { optionsOf } from './policy.js';
import type { Policy, PolicyDocument } from './policy.js';
import { PROOF_KINDS } from './policy-options.js';
import type { ProofKind } from './policy-options.js';

const rank = (kind: ProofKind): number => PROOF_KINDS.indexOf(kind);

/** The strongest proof that any of these policies asks of approvals. */
export function strongestProof(policies: readonly Policy[]): ProofKind {
  const strongest = Math.max(0, ...policies.map((p) => rank(optionsOf(p).requiredProof)));
  return PROOF_KINDS[strongest] ?? 'webauthn';
}

/** Whether it asks anybody at all. */
export const asksPeople = (policy: Policy): boolean => namedTerms(policy).length > 0;

/** Whether approvals count by their proofs, where at least `minimum` is asked. Who asks nobody asks for no proof. */
export const asksProof = (policy: Policy, minimum: ProofKind): boolean => asksPeople(policy) && optionsOf(withMinimum(policy, minimum)).requiredProof !== 'token';

/** The same policy, with no weaker proof than `minimum`. */
export function withMinimum(policy: Policy, minimum: ProofKind): Policy {
  if (!asksPeople(policy) || rank(optionsOf(policy).requiredProof) >= rank(minimum)) return policy;
  return { ...documentOf(policy), requiredProof: minimum };
}

const documentOf = (policy: Policy): PolicyDocument => ('tree' in policy ? policy : { tree: policy });
