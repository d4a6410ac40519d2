import type { Algorithm } from '#keys/contract.js';

/**
 * `fatal`: PIN incorrect or locked, never tried again with that PIN. `refused`: this request can't be done (key missing, mechanism unknown).
 * `retryable`: certainly before C_Sign; try again later. `unknown`: C_Sign had begun.
 */
export type HsmErrorClass = 'fatal' | 'refused' | 'retryable' | 'unknown';
export type HsmErrorReason = 'PIN_INCORRECT' | 'MODULE_MISSING' | 'TOKEN_MISSING' | 'UNAVAILABLE' | 'KEY_MISSING' | 'KEY_KIND_MISMATCH' | 'KEY_UNPROTECTED' | 'ALGORITHM_UNSUPPORTED' | 'REFUSED' | 'SIGNATURE_INVALID';

/** `message` is fit for an operator's log: no PIN, no input. Never shown to callers. */
export class HsmError extends Error {
  override readonly name = 'HsmError';
  constructor(readonly errorClass: HsmErrorClass, readonly reason: HsmErrorReason, message: string) {
    super(message);
  }
}

/** A private key in the token, found by CKA_ID and public key, never by label. */
export interface HsmKeyRef {
  readonly ckaIdHex: string;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly algorithm: Algorithm;
}

export interface HsmKeyPair {
  readonly ckaIdHex: string;
  readonly spki: Uint8Array;
  readonly tokenSerial: string;
}

/** One session with the token, held by one order from before `started` until its outcome is acknowledged (rule 6). */
export interface HsmSession {
  /**
   * Finds the key for this session; after this resolves, `sign` begins with C_SignInit + C_Sign.
   * @throws HsmError `refused` KEY_MISSING when no private key with this CKA_ID and public key is there, `retryable` when the token is lost
   */
  prepare(key: HsmKeyRef): Promise<void>;
  /**
   * Exactly one C_Sign. Never retries by itself.
   * @param input digest of the algorithm's hash (length checked by the caller), or for EdDSA the message
   * @param timely asked behind all that can take its time (a search, C_SignInit), right before C_Sign: false leaves C_Sign uncalled, as `retryable` (rule 6)
   * @returns ECDSA as raw r‖s of fixed width, RSA as the modulus' length, Ed25519 64 bytes
   * @throws HsmError `refused` or `retryable` only when C_Sign was certainly not reached, else `unknown`
   */
  sign(key: HsmKeyRef, input: Uint8Array, timely?: () => boolean): Promise<Uint8Array>;
  /**
   * C_Verify under the given SPKI (imported as a session object, not the token's own public object).
   * @returns false when the signature is not this key's over this input @throws HsmError
   */
  verify(key: HsmKeyRef, input: Uint8Array, signature: Uint8Array): Promise<boolean>;
  /** Gives the session back; a session that saw an error is closed and replaced. Idempotent. */
  release(): void;
}

export type HsmStatus = { readonly state: 'ready'; readonly tokenSerial: string } | { readonly state: 'down'; readonly reason: HsmErrorReason; readonly detail: string };

export interface HsmMetrics {
  /** One PKCS#11 call that ended. @param seconds its duration @param outcome 'ok' or an HsmErrorClass */
  call(name: string, seconds: number, outcome: 'ok' | HsmErrorClass): void;
}

/** The token. Asynchronous, bounded, one login. */
export interface Hsm {
  /**
   * Loads the module, opens the token, logs in: exactly one C_Login a PIN (rule 15); a PIN known as failed is not tried.
   * @throws HsmError `fatal` for the PIN, `retryable` else. Never called again by itself after `fatal`.
   */
  open(): Promise<void>;
  /** The present state; `down` from the first lost call until a reopening worked. A lost token is reopened in the background, with back-off. */
  status(): HsmStatus;
  /** Waits for a free session, in order of arrival. @throws HsmError `retryable` after `timeoutMs` or while down */
  acquire(timeoutMs: number): Promise<HsmSession>;
  /**
   * Find-or-create by CKA_ID: sensitive, never extractable, sign only. A public key without its private one, left by a crash, is removed first.
   * @throws HsmError `refused` ALGORITHM_UNSUPPORTED, KEY_KIND_MISMATCH (something else has that CKA_ID), or `retryable`
   */
  findOrCreateKeyPair(request: { readonly ckaIdHex: string; readonly label: string; readonly algorithm: Algorithm; readonly modulusBits: number | null }): Promise<HsmKeyPair>;
  /**
   * A pair that is there already, by label, id or both; exactly one must match.
   * @throws HsmError `refused` KEY_MISSING, KEY_KIND_MISMATCH, KEY_UNPROTECTED (not sensitive or extractable), ALGORITHM_UNSUPPORTED, or `retryable`
   */
  findKeyPair(request: { readonly label: string | null; readonly idHex: string | null; readonly algorithm: Algorithm; readonly modulusBits: number | null }): Promise<HsmKeyPair>;
  /** Closes sessions, logs out, finalizes. */
  close(): Promise<void>;
}
