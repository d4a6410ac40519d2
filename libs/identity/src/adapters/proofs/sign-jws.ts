import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type JwsAlgorithm = 'ES256' | 'EdDSA';

/** What is signed to make a compact JWS of a statement (RFC 7515, 5.1). Its protected header has `alg` and `kid` alone. */
export const jwsInput = (statement: string, credentialId: string, alg: JwsAlgorithm): string =>
  `${Buffer.from(JSON.stringify({ alg, kid: credentialId }), 'utf8').toString('base64url')}.${Buffer.from(statement, 'utf8').toString('base64url')}`;

/** @param signature 64 bytes: r and s, or Ed25519's */
export const jwsOf = (input: string, signature: Uint8Array): string => `${input}.${Buffer.from(signature).toString('base64url')}`;

/** What a private key signs with. @throws TypeError when it is neither EC P-256 nor Ed25519, or no private key */
export function algorithmOfKey({ type, asymmetricKeyType, asymmetricKeyDetails }: KeyObject): JwsAlgorithm {
  if (type === 'private' && asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  if (type === 'private' && asymmetricKeyType === 'ed25519') return 'EdDSA';
  throw new TypeError('the key must be a private key, EC P-256 or Ed25519');
}

/** The signature of a JWS, 64 bytes. @throws TypeError for other keys */
export const jwsSignature = (input: string, privateKey: KeyObject): Buffer =>
  algorithmOfKey(privateKey) === 'ES256' ? sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' }) : sign(null, Buffer.from(input), privateKey);
