import { createPublicKey } from 'node:crypto';
import type { InputFault } from '#kernel/domain-error.js';
import type { PublicJwk } from '../../domain/credential.js';
import { base64urlBytes } from './base64url.js';
import { isUsableEd25519Point } from './ed25519-point.js';

/** Members that say something about a key and take nothing away from it (RFC 7517, 4); they are left out. */
const HARMLESS = ['alg', 'kid', 'use', 'key_ops', 'ext'];
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

type Members = Readonly<Record<string, unknown>>;
const isCoordinate = (value: unknown): value is string => typeof value === 'string' && value.length === 43 && base64urlBytes(value) !== undefined;

/**
 * Reads a public key as JSON: EC P-256 or OKP Ed25519, a point on its curve, no private member. Never throws.
 * @param at JSON Pointer of the key in the body @returns the key with its own members alone
 */
export function publicJwkOf(value: unknown, at: string): { readonly publicJwk: PublicJwk } | { readonly faults: readonly InputFault[] } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { faults: [{ path: at, message: 'must be a public key as JSON (RFC 7517)' }] };
  const jwk = value as Members;
  const isEc = jwk['kty'] === 'EC' && jwk['crv'] === 'P-256';
  const isOkp = jwk['kty'] === 'OKP' && jwk['crv'] === 'Ed25519';
  if (!isEc && !isOkp) return { faults: [{ path: at, message: 'must be EC with P-256 or OKP with Ed25519' }] };
  const own = isEc ? ['kty', 'crv', 'x', 'y'] : ['kty', 'crv', 'x'];
  const faults: InputFault[] = Object.keys(jwk).filter((k) => !own.includes(k) && !HARMLESS.includes(k)).map((k) => ({ path: `${at}/${k.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: PRIVATE.includes(k) ? 'is of a private key, which nobody else may have: make another one' : 'is not known' }));
  const { x, y } = jwk;
  if (!isCoordinate(x)) faults.push({ path: `${at}/x`, message: 'must be 32 bytes in base64url' });
  if (isEc && !isCoordinate(y)) faults.push({ path: `${at}/y`, message: 'must be 32 bytes in base64url' });
  if (faults.length > 0 || !isCoordinate(x)) return { faults };
  const publicJwk: PublicJwk = isEc && isCoordinate(y) ? { kty: 'EC', crv: 'P-256', x, y } : { kty: 'OKP', crv: 'Ed25519', x };
  return isOnCurve(publicJwk) ? { publicJwk } : { faults: [{ path: at, message: 'is no usable point of its curve' }] };
}

function isOnCurve(jwk: PublicJwk): boolean {
  if (jwk.kty === 'OKP') return isUsableEd25519Point(Buffer.from(jwk.x, 'base64url'));
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
