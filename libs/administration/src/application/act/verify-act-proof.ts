import { DomainError } from '#kernel/domain-error.js';
import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import { canonicalDigest, kidOf, parseActStatement } from '#identity/contract.js';
import type { ProofVerifier } from '#identity/contract.js';
import type { Act } from '../../domain/control-plane/act.js';
import type { ActCommand } from '../../domain/control-plane/commands.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';

const invalidProof = (detail: string): DomainError => new DomainError('PROOF_INVALID', detail);

/** What a `Countersign-Proof` says, when it is one over this very call by an active credential of the caller's. @throws DomainError PROOF_INVALID, CREDENTIAL_NOT_ACTIVE */
export async function verifyActProof(jws: string, { method, path, body }: Act, by: Actor, state: ControlPlaneState, verifier: ProofVerifier): Promise<NonNullable<ActCommand['proof']>> {
  const kid = kidOf(jws);
  if (kid === undefined) throw invalidProof('Countersign-Proof is no compact JWS that names a credential by kid');
  const credential = state.credentials.get(kid);
  if (credential?.status !== 'active' || !sameActor(credential.owner, by)) throw new DomainError('CREDENTIAL_NOT_ACTIVE', 'Countersign-Proof is by no active credential of yours');
  const verdict = await verifier.jws(jws, credential);
  if ('fault' in verdict) throw invalidProof(`Countersign-Proof: ${verdict.fault.detail}`);
  const parsed = parseActStatement(verdict.payload);
  if ('fault' in parsed) throw invalidProof(`the payload of Countersign-Proof ${parsed.fault}`);
  const { statement } = parsed;
  if (statement.method !== method || statement.path !== path || statement.bodyDigest !== canonicalDigest(body)) throw invalidProof('Countersign-Proof is over another call: method, path or body differ');
  return { credentialId: credential.credentialId, session: statement.session, previous: statement.previous, jws };
}

/** What was verified when it was proposed. */
export function proofAsProposed(jws: string | null): ActCommand['proof'] {
  const credentialId = jws === null ? undefined : kidOf(jws);
  return jws === null || credentialId === undefined ? null : { credentialId, session: null, previous: null, jws };
}
