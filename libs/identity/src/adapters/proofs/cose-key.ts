import { cose, decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';
import type { PublicJwk } from '../../domain/credential.js';

const { COSEALG, COSECRV, COSEKEYS, COSEKTY } = cose;

/** A COSE_Key (RFC 9053, 7) as JSON; undefined when it is neither P-256 for ES256 nor Ed25519 for EdDSA. Whether it is a point of its curve is not looked at. Never throws. */
export function jwkOfCose(bytes: Uint8Array): PublicJwk | undefined {
  const key = decoded(bytes);
  if (key === undefined) return undefined;
  const [kty, alg, crv, x, y] = [COSEKEYS.kty, COSEKEYS.alg, COSEKEYS.crv, COSEKEYS.x, COSEKEYS.y].map((label) => key.get(label));
  if (kty === COSEKTY.EC2 && alg === COSEALG.ES256 && crv === COSECRV.P256 && isCoordinate(x) && isCoordinate(y)) return { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) };
  if (kty === COSEKTY.OKP && alg === COSEALG.EdDSA && crv === COSECRV.ED25519 && isCoordinate(x)) return { kty: 'OKP', crv: 'Ed25519', x: base64url(x) };
  return undefined;
}

function decoded(bytes: Uint8Array): ReadonlyMap<unknown, unknown> | undefined {
  try {
    const value: unknown = decodeCredentialPublicKey(new Uint8Array(bytes));
    return value instanceof Map ? (value as ReadonlyMap<unknown, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const isCoordinate = (value: unknown): value is Uint8Array => value instanceof Uint8Array && value.length === 32;
const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');
