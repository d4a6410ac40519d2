import type { Credential, CredentialKey, ProofFault, ProofVerifier, RelyingParty } from '#identity/contract.js';
import type { GivenProof } from '#operations/contract.js';

interface Checked {
  readonly key: CredentialKey;
  readonly credentialId: string;
  readonly relying: RelyingParty;
}

/** A proof of an order, as its reservation carries it. */
export interface OrderProof {
  readonly jws: string;
  readonly idempotencyKey: string;
}

/**
 * What a verifier found of proofs, while these are in memory: that a proof verifies under a key, and nothing else (rule 24). A credential with another key, or another relying
 * party, is another question. Refusals are asked for anew.
 */
export class CheckedProofs {
  private readonly decisions = new WeakMap<GivenProof, Checked>();
  private readonly orders = new WeakMap<OrderProof, Checked & { readonly payload: string }>();

  constructor(private readonly verifier: ProofVerifier) {}

  /** @returns why it does not verify; undefined: it does. Never throws. */
  async decision(proof: GivenProof, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined> {
    if (isSame(this.decisions.get(proof), credential, relying)) return undefined;
    const { credentialId: _, statement, ...given } = proof;
    const fault = await this.verifier.decision(given, statement, credential, relying).catch(unverified);
    if (fault === undefined) this.decisions.set(proof, { key: credential.key, credentialId: credential.credentialId, relying });
    return fault;
  }

  /** @returns what it is over. Never throws. */
  async order(proof: OrderProof, credential: Credential, relying: RelyingParty): Promise<{ readonly payload: string } | { readonly fault: ProofFault }> {
    const known = this.orders.get(proof);
    if (known !== undefined && isSame(known, credential, relying)) return { payload: known.payload };
    const verdict = await this.verifier.jws(proof.jws, credential).catch((error: unknown) => ({ fault: unverified(error) }));
    if ('payload' in verdict) this.orders.set(proof, { key: credential.key, credentialId: credential.credentialId, relying, payload: verdict.payload });
    return verdict;
  }
}

/** By identity: what the control plane says of a credential is made anew when its key is another one. */
const isSame = (known: Checked | undefined, credential: Credential, relying: RelyingParty): boolean =>
  known !== undefined && known.key === credential.key && known.credentialId === credential.credentialId && known.relying.rpId === relying.rpId && known.relying.origin === relying.origin;

const unverified = (_error: unknown): ProofFault => ({ code: 'PROOF_INVALID', detail: 'it could not be verified' });
