import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Actor } from '#kernel/actor.js';
import { actStatement, canonicalDigest, decisionStatement, kidOf } from '#identity/contract.js';
import type { Credential, DecisionProof, JwsVerdict, ProofFault, ProofVerifier, PublicJwk } from '#identity/contract.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { signJws } from '#test/fixtures/sign-jws.js';
import type { Act, SignedDecision } from '../../domain/control-plane/act.js';

export const ISSUER = 'https://idp.example';
export const account = (subject: string): Actor => ({ issuer: ISSUER, subject });
export const ORIGIN = 'https://countersign.example';

const FAULT: ProofFault = { code: 'PROOF_INVALID', detail: 'it does not verify' };

/** Somebody with a key, which signs what he does. */
export class SigningPerson {
  readonly credentialId: string;
  readonly publicJwk: PublicJwk;
  private readonly privateKey: KeyObject;

  constructor(readonly actor: Actor, credentialId = `${actor.subject}-key`, algorithm: 'ES256' | 'EdDSA' = 'EdDSA') {
    this.credentialId = credentialId;
    const { privateKey, publicJwk } = newKeyPair(algorithm);
    this.privateKey = privateKey;
    this.publicJwk = publicJwk;
  }

  get enrolment() {
    return { credentialId: this.credentialId, owner: this.actor, label: `${this.actor.subject}'s`, key: { type: 'jwk' as const, publicJwk: this.publicJwk } };
  }

  jws(statement: string): string {
    return signJws(statement, this.credentialId, this.privateKey);
  }

  /** `Countersign-Proof` over an act. */
  proof({ method, path, body }: Act, previous: string | null, session: string | null = null): string {
    return this.jws(actStatement({ method, path, bodyDigest: canonicalDigest(body), session, previous }));
  }

  approval(operationId: string, requestStatement: string, decision: 'approve' | 'reject' = 'approve', nonce = `${this.actor.subject}-${operationId}`): SignedDecision {
    const requestDigest = createHash('sha256').update(requestStatement).digest('base64');
    const statement = decisionStatement({ operationId, requestDigest, policyDigest: canonicalDigest([]), decision, nonce, audience: ORIGIN, at: '2026-11-20T12:00:00.000Z' });
    return { by: this.actor, proof: { type: 'jws', challengeId: 'c', jws: this.jws(statement), credentialId: this.credentialId, statement } };
  }
}

/** JWS by Node's own cryptography, EdDSA alone. */
export class TestProofVerifier implements ProofVerifier {
  calls = 0;
  async decision(proof: DecisionProof, statement: string, credential: Credential): Promise<ProofFault | undefined> {
    if (proof.type !== 'jws') return FAULT;
    const verdict = await this.jws(proof.jws, credential);
    return 'fault' in verdict || verdict.payload !== statement ? FAULT : undefined;
  }
  async jws(compact: string, credential: Credential): Promise<JwsVerdict> {
    this.calls += 1;
    const [header = '', payload = '', signature = ''] = compact.split('.');
    const { key } = credential;
    if (key.type !== 'jwk' || kidOf(compact) !== credential.credentialId) return { fault: FAULT };
    const isExact = [header, payload, signature].every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
    const holds = isExact && verify(null, Buffer.from(`${header}.${payload}`), createPublicKey({ key: { ...key.publicJwk }, format: 'jwk' }), Buffer.from(signature, 'base64url'));
    return holds ? { payload: Buffer.from(payload, 'base64url').toString('utf8') } : { fault: FAULT };
  }
}
