import { createHash, createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { canonicalJson, publicJwkOf } from '#identity/contract.js';
import type { PublicJwk } from '#identity/contract.js';

/** @throws Error of one line when it is neither EC P-256 nor Ed25519 */
export function publicJwkOfKey(key: KeyObject): PublicJwk {
  const read = publicJwkOf(jwkOf(key.type === 'private' ? createPublicKey(key) : key), '');
  if ('faults' in read) throw new Error('the key must be EC P-256 or Ed25519');
  return read.publicJwk;
}

/** SubjectPublicKeyInfo, DER. @throws Error of one line when it is neither EC P-256 nor Ed25519 */
export const publicJwkOfSpki = (spki: Uint8Array): PublicJwk => publicJwkOfKey(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));

/** RFC 7638: SHA-256 of the members that make the key, which for these keys is their RFC 8785 form; base64url. */
export const thumbprint = (jwk: PublicJwk): string => createHash('sha256').update(canonicalJson(jwk)).digest('base64url');

function jwkOf(key: KeyObject): unknown {
  try {
    return key.export({ format: 'jwk' });
  } catch {
    return undefined;
  }
}
