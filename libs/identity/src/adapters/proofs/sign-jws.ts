import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * A statement as a compact JWS (RFC 7515), as clients make it: the protected header has `alg` and `kid` alone.
 * @param privateKey EC P-256 or Ed25519 @throws TypeError for any other key
 */
export function signJws(statement: string, credentialId: string, privateKey: KeyObject): string {
  const { asymmetricKeyType, asymmetricKeyDetails } = privateKey;
  const isEc = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (privateKey.type !== 'private' || (!isEc && asymmetricKeyType !== 'ed25519')) throw new TypeError('the key must be a private key, EC P-256 or Ed25519');
  const header = Buffer.from(JSON.stringify({ alg: isEc ? 'ES256' : 'EdDSA', kid: credentialId }), 'utf8').toString('base64url');
  const input = `${header}.${Buffer.from(statement, 'utf8').toString('base64url')}`;
  const signature = isEc ? sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }) : sign(null, Buffer.from(input), privateKey);
  return `${input}.${signature.toString('base64url')}`;
}
