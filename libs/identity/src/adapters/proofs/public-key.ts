import { createPublicKey, verify } from 'node:crypto';
import type { PublicJwk } from '../../domain/credential.js';

/** JOSE's name (RFC 7518, RFC 8037) for what a key signs with: one for each kind of key. */
export const algorithmOf = (jwk: PublicJwk): 'ES256' | 'EdDSA' => (jwk.kty === 'EC' ? 'ES256' : 'EdDSA');

/**
 * By OpenSSL, on the calling thread: some 0.1 ms, less than the way to libuv's pool and back, where calls into the HSM may hold every thread.
 * @param signature 64 bytes: r and s, or Ed25519's @throws Error when the key is none
 */
export function verifySignature(jwk: PublicJwk, data: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
  return jwk.kty === 'EC' ? verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, signature) : verify(null, data, key, signature);
}
