import { namedTerms, optionsOf, PROOF_KINDS, samePolicy, treeOf, weakens } from '#policies/contract.js';
import type { PinnedPolicy, Policy, PolicyDocument, PolicyNode, ProofKind } from '#policies/contract.js';

/** Whether it asks anybody at all. */
export const asksPeople = (policy: Policy): boolean => namedTerms(policy).length > 0;

const rank = (kind: ProofKind): number => PROOF_KINDS.indexOf(kind);

/** The proof that it asks of approvals where at least `minimum` is asked. */
const proofOf = (policy: Policy, minimum: ProofKind): ProofKind => {
  const own = optionsOf(policy).requiredProof;
  return rank(own) >= rank(minimum) ? own : minimum;
};

/** Whether approvals count by their proofs. Who asks nobody asks for no proof. */
export const asksProof = (policy: Policy, minimum: ProofKind): boolean => asksPeople(policy) && proofOf(policy, minimum) !== 'token';

/** The same policy, with no weaker proof than `minimum`. */
export function withMinimum(policy: Policy, minimum: ProofKind): Policy {
  if (!asksPeople(policy) || rank(optionsOf(policy).requiredProof) >= rank(minimum)) return policy;
  return { ...documentOf(policy), requiredProof: minimum };
}

const documentOf = (policy: Policy): PolicyDocument => ('tree' in policy ? policy : { tree: policy });

/** Whether every policy that was in force has one among those pinned that is at least as strong, and a name stands for what it stood for. */
export const coversAll = (pinned: readonly PinnedPolicy[], inForce: readonly PinnedPolicy[]): boolean =>
  inForce.every((one) => pinned.some((other) => (samePolicy(one.policy, other.policy) || !weakens(one.policy, other.policy)) && (one.name === null || other.name !== one.name || other.version === one.version)));

const hasSequenceIn = (node: PolicyNode): boolean => node.type === 'sequence' || ('of' in node && node.of.some(hasSequenceIn));
export const hasSequence = (policy: Policy): boolean => hasSequenceIn(treeOf(policy));
