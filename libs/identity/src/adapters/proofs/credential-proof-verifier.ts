import type { ProofVerifier, JwsVerdict } from '../../application/ports/proof-verifier.port.js';
import { readDecisionProof } from '../../application/proofs/parse-decision-proof.js';
import { MAX_STATEMENT_LENGTH } from '../../application/statements/strict-statement.js';
import type { Credential } from '../../domain/credential.js';
import type { DecisionProof, ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';
import { invalidProof, verifyJws } from './jws-proof.js';
import { verifyAssertion } from './webauthn-assertion.js';

const NO_PROOF: ProofFault = { code: 'PROOF_INVALID', detail: 'Proof or credential are not what they should be.' };

/** JWS by Node's own cryptography, WebAuthn by @simplewebauthn/server. Keeps nothing. */
export class CredentialProofVerifier implements ProofVerifier {
  async decision(proof: DecisionProof, statement: string, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined> {
    try {
      return await verifyDecision(proof, statement, credential, relying);
    } catch {
      // What was foreseen is a fault already; a credential of a shape that no type allows is none either.
      return NO_PROOF;
    }
  }

  async jws(compact: string, credential: Credential): Promise<JwsVerdict> {
    try {
      return verifyJws(compact, credential);
    } catch {
      return { fault: NO_PROOF };
    }
  }
}

async function verifyDecision(proof: DecisionProof, statement: string, credential: Credential, relying: RelyingParty): Promise<ProofFault | undefined> {
  const read = readDecisionProof(proof, '');
  if ('faults' in read) return invalidProof('It has not the shape of a proof.').fault;
  if (!isStatement(statement)) return invalidProof('It is no text that could be signed.').fault;
  if (read.proof.type === 'webauthn') {
    if (credential.key.type !== 'webauthn') return invalidProof('The credential is none of an authenticator.').fault;
    return verifyAssertion(read.proof.response, statement, credential.key, relying);
  }
  const verdict = verifyJws(read.proof.jws, credential, statement);
  return 'fault' in verdict ? verdict.fault : undefined;
}

/** A lone surrogate has no UTF-8 and would be hashed as another character. */
const isStatement = (text: unknown): boolean => typeof text === 'string' && text.length <= MAX_STATEMENT_LENGTH && Buffer.from(text, 'utf8').toString('utf8') === text;
