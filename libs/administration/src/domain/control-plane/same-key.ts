import type { CredentialKey } from '#identity/contract.js';
import { sameJson } from './lists.js';

/** Whether two credentials would be one key, or one authenticator's. */
export function sameKey(a: CredentialKey, b: CredentialKey): boolean {
  if (a.type === 'webauthn' && b.type === 'webauthn') return a.id === b.id || a.publicKey === b.publicKey;
  return a.type === 'jwk' && b.type === 'jwk' && sameJson(a.publicJwk, b.publicJwk);
}
