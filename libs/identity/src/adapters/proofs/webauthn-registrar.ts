import { createHash, randomBytes } from 'node:crypto';
import type { Actor } from '#kernel/actor.js';
import type { CreationOptions, RegistrationVerdict, WebAuthnKey, WebAuthnRegistration } from '../../application/ports/webauthn-registration.port.js';
import { keyDescriptor } from '../../application/proofs/assertion-options.js';
import { base64urlBytes } from '../../application/proofs/base64url.js';
import { isUsablePoint } from '../../application/proofs/public-jwk.js';
import { shownText } from '../../domain/claims.js';
import { accountKey } from '../../domain/directory.js';
import type { RelyingParty } from '../../domain/proofs/decision-proof.js';
import { clientDataOf, isFramed } from './client-data.js';

const TIMEOUT_MS = 300_000;
const CHALLENGE_BYTES = 32;
/** Of COSE: ES256 and EdDSA. */
const ALGORITHMS = [-7, -8];
/** Loaded for the first registration: it takes some 200 ms, and no start needs to wait for it. */
const load = async () => ({ ...(await import('@simplewebauthn/server')), ...(await import('./attestation.js')), ...(await import('./cose-key.js')) });
/** Authenticators may cut names at 64 bytes (WebAuthn Level 3, 6.4.1). */
const MAX_NAME = 64;
const MAX_ID = 1_364;
const MAX_CLIENT_DATA = 8_192;
const MAX_ATTESTATION = 16_384;
/** WebAuthn Level 3, 5.8.4; others are left out. */
const TRANSPORTS = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'];

const fault = (detail: string): RegistrationVerdict => ({ fault: { code: 'PROOF_INVALID', detail } });
const isRecord = (v: unknown): v is Readonly<Record<string, unknown>> => typeof v === 'object' && v !== null && !Array.isArray(v);
const isBinary = (value: unknown, max: number): value is string => typeof value === 'string' && value.length >= 1 && value.length <= max && base64urlBytes(value) !== undefined;

/** Makes authenticators known, by @simplewebauthn/server: ES256 and EdDSA, user verification required, no attestation. */
export class WebAuthnRegistrar implements WebAuthnRegistration {
  async creationOptions(owner: Actor, name: string, { rpId }: RelyingParty, known: readonly WebAuthnKey[] = []): Promise<CreationOptions> {
    const shown = [...shownText(name)].slice(0, MAX_NAME).join('');
    return {
      rp: { id: rpId, name: 'Countersign' },
      // Says nothing of the account (14.6.1), and is the same for all of its keys.
      user: { id: createHash('sha256').update(accountKey(owner)).digest('base64url'), name: shown, displayName: shown },
      challenge: randomBytes(CHALLENGE_BYTES).toString('base64url'),
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      timeout: TIMEOUT_MS,
      excludeCredentials: known.map(keyDescriptor),
      authenticatorSelection: { residentKey: 'preferred', requireResidentKey: false, userVerification: 'required' },
      attestation: 'none',
    };
  }

  async verifyRegistration(response: unknown, expectedChallenge: string, { rpId, origin }: RelyingParty): Promise<RegistrationVerdict> {
    const inner = isRecord(response) && isRecord(response['response']) ? response['response'] : {};
    const { id, rawId, type } = isRecord(response) ? response : {};
    const { clientDataJSON, attestationObject, transports } = inner;
    if (!isBinary(id, MAX_ID) || rawId !== id || type !== 'public-key' || !isBinary(clientDataJSON, MAX_CLIENT_DATA) || !isBinary(attestationObject, MAX_ATTESTATION)) return fault('It has not the shape of a RegistrationResponseJSON.');
    const clientData = clientDataOf(clientDataJSON);
    if (clientData === undefined || isFramed(clientData)) return fault('The registration was asked for from within a page of another origin, or is none.');
    const { isWithoutMaker, jwkOfCose, verifyRegistrationResponse } = await load();
    if (!isWithoutMaker(Buffer.from(attestationObject, 'base64url'))) return fault("The attestation is not 'none', which was asked for.");
    try {
      const { verified, registrationInfo } = await verifyRegistrationResponse({
        response: { id, rawId: id, type, response: { clientDataJSON, attestationObject }, clientExtensionResults: {} },
        expectedChallenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (!verified || registrationInfo === undefined) return fault('The registration is not signed by the key that it brings.');
      const { credential, credentialDeviceType } = registrationInfo;
      const jwk = jwkOfCose(credential.publicKey);
      if (credential.id !== id || jwk === undefined || !isUsablePoint(jwk)) return fault('The authenticator brings no usable key of its own for ES256 or EdDSA.');
      return { key: { type: 'webauthn', id, publicKey: Buffer.from(credential.publicKey).toString('base64url'), transports: knownTransports(transports), backupEligible: credentialDeviceType === 'multiDevice' } };
    } catch (error) {
      return fault(detailOf(error));
    }
  }
}

const knownTransports = (value: unknown): readonly string[] => (Array.isArray(value) ? TRANSPORTS.filter((name) => value.includes(name)) : []);

/** The library's messages repeat what they found; what people need of them is said in words of our own. */
const REASONS: readonly (readonly [about: RegExp, detail: string])[] = [
  [/^User verification was required|^User presence was required/, 'The authenticator did not verify its user.'],
  [/^Unexpected registration response challenge/, 'The registration is not an answer to the options that were given.'],
  [/^Unexpected registration response origin/, 'The registration is of pages of another origin.'],
  [/RP ID/, 'The registration is for another relying party.'],
  [/^Unexpected public key alg/, 'The key is none of ES256 or EdDSA.'],
];
function detailOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return REASONS.find(([about]) => about.test(message))?.[1] ?? 'The registration is not one that an authenticator makes.';
}
