import { DomainError } from '#kernel/domain-error.js';
import type { Actor } from '#kernel/actor.js';
import { kidOf } from '#identity/contract.js';
import type { Credential, DecisionProof, Directory, ProofVerifier, RelyingParty } from '#identity/contract.js';
import type { OfferedProof } from '../../domain/operation/challenge.js';
import type { OperationState } from '../../domain/operation/state.js';

/** Verifies what an approver offers, under a credential of his own, over the statement that he was given. Whether the challenge still holds is decided later. */
export async function verifyOffered(offered: DecisionProof, by: Actor, state: OperationState, directory: Directory, verifier: ProofVerifier, relying: RelyingParty): Promise<OfferedProof> {
  const { challengeId } = offered;
  const refuse = (code: 'PROOF_INVALID' | 'CREDENTIAL_NOT_ACTIVE' | 'CHALLENGE_MISMATCH', detail: string): OfferedProof => ({ challengeId, refused: new DomainError(code, detail) });
  const statement = state.challenges.get(challengeId)?.statement;
  if (statement === undefined) return refuse('CHALLENGE_MISMATCH', 'there is no such challenge');
  const credential = credentialOf(offered, directory.credentialsOf(by));
  if (credential === undefined) return refuse('PROOF_INVALID', 'it is made with no credential of yours');
  if (credential.status !== 'active') return refuse('CREDENTIAL_NOT_ACTIVE', `this credential is ${credential.status}`);
  const fault = await verifier.decision(offered, statement, credential, relying);
  return fault === undefined ? { challengeId, proof: { ...offered, credentialId: credential.credentialId, statement } } : refuse(fault.code, fault.detail);
}

function credentialOf(offered: DecisionProof, own: readonly Credential[]): Credential | undefined {
  if (offered.type === 'webauthn') return own.find(({ key }) => key.type === 'webauthn' && key.id === offered.response.id);
  const kid = kidOf(offered.jws);
  return own.find(({ credentialId, key }) => key.type === 'jwk' && credentialId === kid);
}
