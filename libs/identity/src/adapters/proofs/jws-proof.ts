import type { Credential } from '../../domain/credential.js';
import type { JwsVerdict } from '../../application/ports/proof-verifier.port.js';
import { jwsParts } from '../../application/proofs/jws-parts.js';
import { publicJwkShape } from '../../application/proofs/public-jwk.js';
import type { ProofFault } from '../../domain/proofs/decision-proof.js';
import { algorithmOf, verifySignature } from './public-key.js';

export const invalidProof = (detail: string): { readonly fault: ProofFault } => ({ fault: { code: 'PROOF_INVALID', detail } });
const OTHER_STATEMENT: ProofFault = { code: 'CHALLENGE_MISMATCH', detail: 'The proof is over another statement.' };

/** @param expected what it must be over, compared before any work is done; undefined: whatever it is over */
export function verifyJws(compact: string, { credentialId, key }: Credential, expected?: string): JwsVerdict {
  const read = jwsParts(compact);
  if ('fault' in read) return invalidProof(read.fault);
  const { header, payload, signingInput, signature } = read.parts;
  if (header.kid !== credentialId) return invalidProof('The kid of the JWS is not this credential.');
  if (expected !== undefined && payload !== expected) return { fault: OTHER_STATEMENT };
  const jwk = key.type === 'jwk' ? publicJwkShape(key.publicJwk) : undefined;
  if (jwk === undefined) return invalidProof('The credential has no key that signs JWS.');
  // The key says which algorithm there is, never the header.
  if (header.alg !== algorithmOf(jwk)) return invalidProof(`The alg of the JWS is not ${algorithmOf(jwk)}, which is this key's.`);
  try {
    return verifySignature(jwk, Buffer.from(signingInput, 'latin1'), signature) ? { payload } : invalidProof("The signature of the JWS is not one of the credential's key.");
  } catch {
    return invalidProof('The key of the credential is none.');
  }
}
