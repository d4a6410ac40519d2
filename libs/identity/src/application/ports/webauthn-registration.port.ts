import type { Actor } from '#kernel/actor.js';
import type { CredentialKey } from '../../domain/credential.js';
import type { ProofFault, RelyingParty } from '../../domain/proofs/decision-proof.js';

/** PublicKeyCredentialCreationOptionsJSON of WebAuthn Level 3, 5.1.8, as far as it is used here. */
export interface CreationOptions {
  readonly rp: { readonly id: string; readonly name: string };
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly challenge: string;
  readonly pubKeyCredParams: readonly { readonly type: 'public-key'; readonly alg: number }[];
  readonly timeout: number;
  readonly excludeCredentials: readonly { readonly id: string; readonly type: 'public-key'; readonly transports?: readonly string[] }[];
  readonly authenticatorSelection: { readonly residentKey: 'preferred'; readonly requireResidentKey: false; readonly userVerification: 'required' };
  readonly attestation: 'none';
}

export type WebAuthnKey = Extract<CredentialKey, { readonly type: 'webauthn' }>;
export type RegistrationVerdict = { readonly key: WebAuthnKey } | { readonly fault: ProofFault };

/** Makes authenticators known. Attestation is neither asked for nor looked at: administrators say whose key it is. */
export interface WebAuthnRegistration {
  /**
   * What a browser takes as `publicKey`, with a fresh random challenge, which the caller remembers.
   * @param name as the authenticator shows it @param known keys of the same owner, which are not made anew on the same authenticator
   */
  creationOptions(owner: Actor, name: string, relying: RelyingParty, known?: readonly WebAuthnKey[]): Promise<CreationOptions>;
  /** Never throws. @param response a RegistrationResponseJSON, by anybody @param expectedChallenge base64url, of the options that were given */
  verifyRegistration(response: unknown, expectedChallenge: string, relying: RelyingParty): Promise<RegistrationVerdict>;
}

/** Injection token of the process's WebAuthnRegistration. */
export const WEBAUTHN_REGISTRATION = Symbol('WebAuthnRegistration');
