import { decodeAttestationObject } from '@simplewebauthn/server/helpers';

/**
 * Whether an attestation object says nothing of its authenticator's maker: `none`, or `packed` signed by the key itself, which browsers leave as it is (WebAuthn Level 3, 5.1.3).
 * Other kinds carry certificates, whose lists of revocations the library would fetch from wherever they say. Never throws.
 */
export function isWithoutMaker(attestationObject: Uint8Array): boolean {
  try {
    const object: unknown = decodeAttestationObject(new Uint8Array(attestationObject));
    if (!(object instanceof Map)) return false;
    const statement: unknown = object.get('attStmt');
    const format: unknown = object.get('fmt');
    return statement instanceof Map && ((format === 'none' && statement.size === 0) || (format === 'packed' && !statement.has('x5c')));
  } catch {
    return false;
  }
}
