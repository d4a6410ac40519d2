import type { Algorithm } from '#kernel/key-terms.js';

export { ALGORITHMS, isRsa } from '#kernel/key-terms.js';
export type { Algorithm } from '#kernel/key-terms.js';
export type HashName = 'SHA-256' | 'SHA-384' | 'SHA-512';

/** The hash that an algorithm signs; undefined for EdDSA, which signs the message itself. */
export function hashOf(algorithm: Algorithm): HashName | undefined {
  if (algorithm === 'EdDSA') return undefined;
  return `SHA-${algorithm.slice(2)}` as HashName;
}

/** Length of a hash in bytes. */
export const digestBytes = (hash: HashName): number => Number(hash.slice(4)) / 8;

/** Upper bound of one signature in bytes: DER for ECDSA, the modulus for RSA (4096 bits), 64 for Ed25519. */
export function maxSignatureBytes(algorithm: Algorithm): number {
  if (algorithm === 'ES256') return 72;
  if (algorithm === 'ES384') return 104;
  return algorithm === 'EdDSA' ? 64 : 512;
}

/** Size of an RSA key that is generated without saying another one. */
export const DEFAULT_MODULUS_BITS = 3072;
