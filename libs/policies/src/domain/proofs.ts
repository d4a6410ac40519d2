import { optionsOf } from './policy.js';
import type { Policy } from './policy.js';
import { PROOF_KINDS } from './policy-options.js';
import type { ProofKind } from './policy-options.js';

/** The strongest proof that any of these policies asks of approvals. */
export function strongestProof(policies: readonly Policy[]): ProofKind {
  const strongest = Math.max(0, ...policies.map((p) => PROOF_KINDS.indexOf(optionsOf(p).requiredProof)));
  return PROOF_KINDS[strongest] ?? 'webauthn';
}
