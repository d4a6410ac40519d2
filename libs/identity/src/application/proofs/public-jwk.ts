import { createPublicKey } from 'node:crypto';
import type { InputFault } from '#kernel/domain-error.js';
import type { PublicJwk } from '../../domain/credential.js';
import { base64urlBytes } from './base64url.js';
import { isUsableEd25519Point } from './ed25519-point.js';

/** Members that say something about a key and take nothing away from it (RFC 7517, 4; Web Cryptography, 16); they are left out. */
const HARMLESS = ['alg', 'kid', 'use', 'key_ops', 'ext'];
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

type Members = Readonly<Record<string, unknown>>;
const isRecord = (v: unknown): v is Members => typeof v === 'object' && v !== null && !Array.isArray(v);
const isCoordinate = (value: unknown): value is string => typeof value === 'string' && value.length === 43 && base64urlBytes(value) !== undefined;

/**
 * Reads a public key as JSON: EC P-256 or OKP Ed25519, a point on its curve, no private member. Never throws.
 * @param at JSON Pointer of the key in the body @returns the key with its own members alone
 */
export function publicJwkOf(value: unknown, at: string): { readonly publicJwk: PublicJwk } | { readonly faults: readonly InputFault[] } {
  if (!isRecord(value)) return { faults: [{ path: at, message: 'must be a public key as JSON (RFC 7517)' }] };
  const isEc = value['kty'] === 'EC' && value['crv'] === 'P-256';
  if (!isEc && (value['kty'] !== 'OKP' || value['crv'] !== 'Ed25519')) return { faults: [{ path: at, message: 'must be EC with P-256 or OKP with Ed25519' }] };
  const coordinates = isEc ? ['x', 'y'] : ['x'];
  const known = ['kty', 'crv', ...coordinates, ...HARMLESS];
  const faults: InputFault[] = [
    ...Object.keys(value).filter((k) => !known.includes(k)).map((k) => ({ path: `${at}/${k.replaceAll('~', '~0').replaceAll('/', '~1')}`, message: PRIVATE.includes(k) ? 'is of a private key, which nobody else may have: make another one' : 'is not known' })),
    ...coordinates.filter((name) => !isCoordinate(value[name])).map((name) => ({ path: `${at}/${name}`, message: 'must be 32 bytes in base64url' })),
  ];
  const publicJwk = publicJwkShape(value);
  if (faults.length > 0 || publicJwk === undefined) return { faults };
  return isUsablePoint(publicJwk) ? { publicJwk } : { faults: [{ path: at, message: 'is no usable point of its curve' }] };
}

/** The members that make the key, when they have the right form; whether it is a point of its curve is not looked at. Cheap, for keys that were checked before they were believed. */
export function publicJwkShape(value: unknown): PublicJwk | undefined {
  if (!isRecord(value)) return undefined;
  const { kty, crv, x, y } = value;
  if (kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y)) return { kty, crv, x, y };
  return kty === 'OKP' && crv === 'Ed25519' && isCoordinate(x) ? { kty, crv, x } : undefined;
}

/** Whether a key of the right form is a point of its curve from which signatures mean something. Some milliseconds: at registration. */
export function isUsablePoint(jwk: PublicJwk): boolean {
  if (jwk.kty === 'OKP') return isUsableEd25519Point(Buffer.from(jwk.x, 'base64url'));
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}
