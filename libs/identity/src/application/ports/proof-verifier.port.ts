import type { Credential } from '../../domain/credential.js';
import type { DecisionProof, ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';

/**
 * Says whether a proof verifies under a credential's key, and nothing else: status and owner of the credential, and what a statement means, are its caller's business (rule 24).
 * Proofs and credentials may come from a hostile store: whatever is given, nothing here throws or rejects by it, and work and memory are bounded. That code which verifies could not be
 * loaded says nothing of a proof: then it rejects.
 */
export interface ProofVerifier {
  /** @param statement the exact text that must have been signed @returns undefined when this proof is over it, by this credential */
  decision(proof: DecisionProof, statement: string, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined>;
  /** A compact JWS (RFC 7515) whose `kid` is the credential's id. @returns what it is over, as text */
  jws(compact: string, credential: Credential): Promise<JwsVerdict>;
}

export type JwsVerdict = { readonly payload: string } | { readonly fault: ProofFault };

/** Injection token of the process's ProofVerifier. */
export const PROOF_VERIFIER = Symbol('ProofVerifier');
