import { DomainError } from '#kernel/domain-error.js';
import type { Actor } from '#kernel/actor.js';
import { kidOf } from '#identity/contract.js';
import type { Directory, ProofVerifier } from '#identity/contract.js';

/**
 * That a caller signed this very statement with a credential of his.
 * @param what it is, for people @throws DomainError PROOF_INVALID, CREDENTIAL_NOT_ACTIVE
 */
export async function requireSigned(jws: string, statement: string, what: string, caller: Actor, directory: Directory, verifier: ProofVerifier): Promise<void> {
  const kid = kidOf(jws);
  const credential = directory.credentialsOf(caller).find((c) => c.credentialId === kid);
  if (credential === undefined) throw new DomainError('PROOF_INVALID', 'it is made with no credential of yours');
  if (credential.status !== 'active') throw new DomainError('CREDENTIAL_NOT_ACTIVE', `this credential is ${credential.status}`);
  const verdict = await verifier.jws(jws, credential);
  if ('fault' in verdict) throw new DomainError(verdict.fault.code, verdict.fault.detail);
  if (verdict.payload !== statement) throw new DomainError('PROOF_INVALID', `it is over another ${what}`);
}
