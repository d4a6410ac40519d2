import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';

export const CREDENTIAL_STATUSES = ['proposed', 'active', 'suspended', 'revoked'] as const;
export type CredentialStatus = (typeof CREDENTIAL_STATUSES)[number];

/** A public key as JSON (RFC 7517): EC P-256, or OKP Ed25519 (RFC 8037). No private member. */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

/** What verifies a credential's proofs. */
export type CredentialKey =
  | { readonly type: 'jwk'; readonly publicJwk: PublicJwk }
  | {
      readonly type: 'webauthn';
      /** Of the authenticator, base64url. */
      readonly id: string;
      /** COSE_Key (RFC 9052), base64url. */
      readonly publicKey: string;
      readonly transports: readonly string[];
      /** WebAuthn Level 3, 6.1.3: whether it may be backed up, thus be on several devices. */
      readonly backupEligible: boolean;
    };

/** With what an account signs its decisions, acts and orders. */
export interface Credential {
  readonly credentialId: string;
  readonly owner: Actor;
  readonly label: string;
  readonly status: CredentialStatus;
  readonly createdAt: Instant;
  readonly key: CredentialKey;
}
