import { jwkOfCose } from '#identity/adapters/proofs/cose-key.js';
import type { CredentialKey } from '#identity/contract.js';
import { thumbprint } from '../approvals/public-jwk.js';

/** RFC 7638, base64url. */
export function thumbprintOf(key: CredentialKey): string {
  const jwk = key.type === 'jwk' ? key.publicJwk : jwkOfCose(Buffer.from(key.publicKey, 'base64url'));
  if (jwk === undefined) throw new TypeError('a key of no algorithm that is taken');
  return thumbprint(jwk);
}
