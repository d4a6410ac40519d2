import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { statementChallenge } from '../../application/proofs/assertion-options.js';
import { base64urlBytes } from '../../application/proofs/base64url.js';
import type { WebAuthnKey } from '../../application/ports/webauthn-registration.port.js';
import type { AuthenticationResponseJSON, ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';
import { clientDataOf, isFramed } from './client-data.js';
import { jwkOfCose } from './cose-key.js';
import { isDerSignature } from './ecdsa-signature.js';

const fault = (detail: string): ProofFault => ({ code: 'PROOF_INVALID', detail });
const OTHER_STATEMENT: ProofFault = { code: 'CHALLENGE_MISMATCH', detail: 'The assertion is over another statement.' };

/**
 * WebAuthn Level 3, 7.2, over a challenge that is SHA-256 of a statement. User verification is required.
 * The signature counter is not looked at: synced passkeys count per device or not at all, and a statement bears a nonce that counts once.
 * @param response of the right shape and size
 */
export async function verifyAssertion(response: AuthenticationResponseJSON, statement: string, key: WebAuthnKey, { rpId, origin }: RelyingParty): Promise<ProofFault | undefined> {
  if (response.id !== key.id || response.rawId !== key.id) return fault('The assertion is of another authenticator key than the credential.');
  const { clientDataJSON, authenticatorData, signature } = response.response;
  const clientData = clientDataOf(clientDataJSON);
  const signatureBytes = base64urlBytes(signature);
  if (clientData === undefined || base64urlBytes(authenticatorData) === undefined || signatureBytes === undefined) return fault('The members of the assertion are base64url without padding, its clientDataJSON an object.');
  const challenge = statementChallenge(statement);
  if (clientData['challenge'] !== challenge) return OTHER_STATEMENT;
  if (isFramed(clientData)) return fault('The assertion was asked for from within a page of another origin.');
  const publicKey = base64urlBytes(key.publicKey);
  const jwk = publicKey === undefined ? undefined : jwkOfCose(publicKey);
  if (publicKey === undefined || jwk === undefined) return fault('The key of the credential is none of ES256 or EdDSA.');
  if (jwk.kty === 'EC' && !isDerSignature(signatureBytes)) return fault('The signature of the assertion is not in DER.');
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...response, response: { clientDataJSON, authenticatorData, signature }, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      // Of 0: the library then compares no counters.
      credential: { id: key.id, publicKey: new Uint8Array(publicKey), counter: 0 },
    });
    if (!verified) return fault("The signature of the assertion is not one of the credential's key.");
    // 7.2, step 20: it never changes, so that a key which was bound to one device stays so.
    return (authenticationInfo.credentialDeviceType === 'multiDevice') === key.backupEligible ? undefined : fault('The authenticator says otherwise than at its registration whether the key can be backed up.');
  } catch (error) {
    return fault(detailOf(error));
  }
}

/** The library's messages repeat what they found; what people need of them is said in words of our own. */
const REASONS: readonly (readonly [about: RegExp, detail: string])[] = [
  [/^User verification required|^User not present/, 'The authenticator did not verify its user.'],
  [/^Unexpected authentication response origin/, 'The assertion is of pages of another origin.'],
  [/RP ID/, 'The assertion is for another relying party.'],
  [/^Unexpected authentication response type/, 'It is no assertion.'],
];
function detailOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return REASONS.find(([about]) => about.test(message))?.[1] ?? 'The assertion is not one that an authenticator makes.';
}
