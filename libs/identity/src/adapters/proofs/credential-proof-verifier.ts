import type { ProofVerifier, JwsVerdict } from '../../application/ports/proof-verifier.port.js';
import type { WebAuthnKey } from '../../application/ports/webauthn-registration.port.js';
import { readDecisionProof } from '../../application/proofs/parse-decision-proof.js';
import { MAX_STATEMENT_LENGTH } from '../../application/statements/strict-statement.js';
import type { Credential } from '../../domain/credential.js';
import type { AuthenticationResponseJSON, DecisionProof, ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';
import { invalidProof, verifyJws } from './jws-proof.js';
import type { verifyAssertion } from './webauthn-assertion.js';

const NO_PROOF: ProofFault = { code: 'PROOF_INVALID', detail: 'Proof or credential are not what they should be.' };

/** Loaded when the first passkey is used: it takes some 200 ms in each thread that verifies, and no start needs to wait for it. */
const loadAssertions = async (): Promise<typeof verifyAssertion> => (await import('./webauthn-assertion.js')).verifyAssertion;

/** JWS by Node's own cryptography, WebAuthn by @simplewebauthn/server. Keeps nothing. */
export class CredentialProofVerifier implements ProofVerifier {
  /** @param assertions given by tests alone */
  constructor(private readonly assertions = loadAssertions) {}

  async decision(proof: DecisionProof, statement: string, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined> {
    const read = caught(() => verifiedOrAssertion(proof, statement, credential));
    if (read === undefined || 'code' in read) return read;
    const verify = await this.assertions();
    return verify(read.response, statement, read.key, relying).catch(() => NO_PROOF);
  }

  async jws(compact: string, credential: Credential): Promise<JwsVerdict> {
    const verdict = caught(() => verifyJws(compact, credential));
    return 'code' in verdict ? { fault: verdict } : verdict;
  }
}

/** What was foreseen is a fault already; a credential of a shape that no type allows is none either. */
function caught<T>(verify: () => T): T | ProofFault {
  try {
    return verify();
  } catch {
    return NO_PROOF;
  }
}

/** What became of a proof without WebAuthn: undefined where it verifies. Of one with it, what is to be verified under which key. */
function verifiedOrAssertion(proof: DecisionProof, statement: string, credential: Credential): ProofFault | undefined | { readonly response: AuthenticationResponseJSON; readonly key: WebAuthnKey } {
  const read = readDecisionProof(proof, '');
  if ('faults' in read) return invalidProof('It has not the shape of a proof.').fault;
  if (!isStatement(statement)) return invalidProof('It is no text that could be signed.').fault;
  if (read.proof.type === 'webauthn') {
    if (credential.key.type !== 'webauthn') return invalidProof('The credential is none of an authenticator.').fault;
    return { response: read.proof.response, key: credential.key };
  }
  const verdict = verifyJws(read.proof.jws, credential, statement);
  return 'fault' in verdict ? verdict.fault : undefined;
}

/** A lone surrogate has no UTF-8 and would be hashed as another character. */
const isStatement = (text: unknown): boolean => typeof text === 'string' && text.length <= MAX_STATEMENT_LENGTH && Buffer.from(text, 'utf8').toString('utf8') === text;
