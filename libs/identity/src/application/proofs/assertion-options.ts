import { createHash } from 'node:crypto';
import type { RelyingParty } from '../../domain/proofs/decision-proof.js';
import type { WebAuthnKey } from '../ports/webauthn-registration.port.js';

const TIMEOUT_MS = 300_000;

/** PublicKeyCredentialRequestOptionsJSON of WebAuthn Level 3, 5.1.8, as far as it is used here. */
export interface AssertionOptions {
  readonly challenge: string;
  readonly timeout: number;
  readonly rpId: string;
  readonly allowCredentials: readonly { readonly id: string; readonly type: 'public-key'; readonly transports?: readonly string[] }[];
  readonly userVerification: 'required';
}

/** SHA-256 of a statement's UTF-8 bytes, base64url: what an authenticator signs as its challenge. */
export const statementChallenge = (statement: string): string => createHash('sha256').update(statement, 'utf8').digest('base64url');

/** What a browser takes as `publicKey` to have a statement signed with one of these keys. */
export const assertionOptions = (statement: string, keys: readonly WebAuthnKey[], { rpId }: RelyingParty): AssertionOptions => ({
  challenge: statementChallenge(statement),
  timeout: TIMEOUT_MS,
  rpId,
  allowCredentials: keys.map(keyDescriptor),
  userVerification: 'required',
});

export const keyDescriptor = ({ id, transports }: WebAuthnKey): AssertionOptions['allowCredentials'][number] => ({ id, type: 'public-key', ...(transports.length === 0 ? {} : { transports }) });
