// These are storage formats: fields are added, never changed.
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DomainEvent } from '#kernel/decider.js';
import type { Purpose } from '#kernel/key-terms.js';
import type { PolicySource } from '#policies/contract.js';
import type { Algorithm } from './algorithm.js';

export { PURPOSES } from '#kernel/key-terms.js';
export type { Purpose } from '#kernel/key-terms.js';

/** Who may ask for a key: all that is given must hold. */
export interface Requesters {
  readonly group: string | null;
  readonly role: string | null;
}

export type RegistrationRequested = DomainEvent<'keys.registration-requested.v1', {
  readonly keyId: string;
  /** 1 for the first registration of this keyId, one more for each that followed a failed one. */
  readonly attempt: number;
  readonly requestedAt: Instant;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
  /** RSA only: 2048, 3072 or 4096; null for other algorithms, and for a key to be adopted whatever its size. */
  readonly modulusBits: number | null;
  readonly approvalPolicy: PolicySource;
  readonly description: string | null;
  readonly requesters: Requesters | null;
  /** A key that is in the token already: by label, id (lower-case hex) or both; null: to be generated. */
  readonly adopt: { readonly label: string | null; readonly idHex: string | null } | null;
  /** CKA_ID for a generated pair, lower-case hex, derived from the commandId. */
  readonly ckaIdHex: string;
}>;
export type Registered = DomainEvent<'keys.registered.v1', {
  readonly keyId: string;
  /** SubjectPublicKeyInfo, base64 DER. */
  readonly publicKey: string;
  /** Lower-case hex SHA-256 of the SPKI. */
  readonly publicKeySha256: string;
  /** CKA_ID, lower-case hex. */
  readonly ckaIdHex: string;
  readonly tokenSerial: string;
  readonly signer: string;
}>;
/** Why a registration came to nothing. `detail` is told to callers. */
export interface RegistrationFailure {
  readonly code: 'ALGORITHM_UNSUPPORTED' | 'PKCS11_KEY_NOT_FOUND' | 'VALIDATION_FAILED' | 'KEY_EXISTS' | 'HSM_UNAVAILABLE';
  readonly detail: string;
}
export type RegistrationFailed = DomainEvent<'keys.registration-failed.v1', RegistrationFailure & { readonly keyId: string }>;
export type PolicyChanged = DomainEvent<'keys.policy-changed.v1', { readonly keyId: string; readonly approvalPolicy: PolicySource; readonly by: Actor }>;
export type Disabled = DomainEvent<'keys.disabled.v1', { readonly keyId: string; readonly reason: string; readonly by: Actor }>;
export type Enabled = DomainEvent<'keys.enabled.v1', { readonly keyId: string; readonly reason: string; readonly by: Actor }>;

export type KeyEvent = RegistrationRequested | Registered | RegistrationFailed | PolicyChanged | Disabled | Enabled;

/** In `keyRequest-<commandId>`: a registration with an Idempotency-Key is about this keyId; the last one counts. */
export type RegistrationKeyed = DomainEvent<'keys.registration-keyed.v1', { readonly keyId: string }>;
/** In `keyPair-<hex>`: this key pair belongs to this keyId, for ever. */
export type PairClaimed = DomainEvent<'keys.pair-claimed.v1', { readonly keyId: string; readonly publicKeySha256: string }>;
/** In `keyRegistration-<id>`: this signer's incarnation makes or finds the pair. */
export type RegistrationTaken = DomainEvent<'keys.registration-taken.v1', { readonly keyId: string; readonly signer: string; readonly incarnation: string }>;
