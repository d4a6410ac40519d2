import { createHash } from 'node:crypto';
import { jwkOfCose } from '#identity/adapters/proofs/cose-key.js';
import { canonical } from '#identity/application/statements/canonical.js';
import type { CredentialKey } from '#identity/contract.js';

/** RFC 7638, base64url: the JSON of these keys has the members that count, and no other. */
export function thumbprintOf(key: CredentialKey): string {
  const jwk = key.type === 'jwk' ? key.publicJwk : jwkOfCose(Buffer.from(key.publicKey, 'base64url'));
  if (jwk === undefined) throw new TypeError('a key of no algorithm that is taken');
  return createHash('sha256').update(canonical(jwk)).digest('base64url');
}
