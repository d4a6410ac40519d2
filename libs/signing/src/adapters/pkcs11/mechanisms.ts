import graphene from 'graphene-pk11';
import { digestBytes, hashOf } from '#keys/contract.js';
import type { Algorithm, HashName } from '#keys/contract.js';
import { CKG_MGF1, CKK_EC, CKK_EC_EDWARDS, CKK_RSA, CKM } from './cryptoki-constants.js';

/** A CK_MECHANISM as the native binding takes it. */
export interface Mechanism {
  readonly mechanism: number;
  readonly parameter?: { readonly type: number; readonly hashAlg: number; readonly mgf: number; readonly saltLen: number };
}
/** What a key must be for an algorithm. */
export interface KeyKind {
  readonly keyType: typeof CKK_RSA | typeof CKK_EC | typeof CKK_EC_EDWARDS;
  readonly curve: 'P-256' | 'P-384' | 'Ed25519' | null;
  readonly generateMechanism: number;
}

const HASH_MECHANISM: Readonly<Record<HashName, number>> = { 'SHA-256': CKM.SHA256, 'SHA-384': CKM.SHA384, 'SHA-512': CKM.SHA512 };

/** DER of DigestInfo up to the digest: RFC 8017 section 9.2, note 1. */
const DIGEST_INFO_PREFIX: Readonly<Record<HashName, Buffer>> = {
  'SHA-256': Buffer.from('3031300d060960864801650304020105000420', 'hex'),
  'SHA-384': Buffer.from('3041300d060960864801650304020205000430', 'hex'),
  'SHA-512': Buffer.from('3051300d060960864801650304020305000440', 'hex'),
};

function mechanismOf(algorithm: Algorithm): Mechanism {
  const hash = hashOf(algorithm);
  if (hash === undefined) return { mechanism: CKM.EDDSA };
  if (algorithm.startsWith('ES')) return { mechanism: CKM.ECDSA };
  if (algorithm.startsWith('RS')) return { mechanism: CKM.RSA_PKCS };
  return {
    mechanism: CKM.RSA_PKCS_PSS,
    parameter: { type: graphene.MechParams.RsaPSS, hashAlg: HASH_MECHANISM[hash], mgf: CKG_MGF1[hash], saltLen: digestBytes(hash) },
  };
}

const cache = new Map<Algorithm, Mechanism>();

/** The mechanism that signs and verifies with this algorithm, PSS with MGF1 and salt of the hash's own kind and length (RFC 7518 section 3.5). */
export function signMechanism(algorithm: Algorithm): Mechanism {
  const known = cache.get(algorithm);
  if (known !== undefined) return known;
  const mechanism = mechanismOf(algorithm);
  cache.set(algorithm, mechanism);
  return mechanism;
}

export function keyKind(algorithm: Algorithm): KeyKind {
  if (algorithm === 'ES256') return { keyType: CKK_EC, curve: 'P-256', generateMechanism: CKM.EC_KEY_PAIR_GEN };
  if (algorithm === 'ES384') return { keyType: CKK_EC, curve: 'P-384', generateMechanism: CKM.EC_KEY_PAIR_GEN };
  if (algorithm === 'EdDSA') return { keyType: CKK_EC_EDWARDS, curve: 'Ed25519', generateMechanism: CKM.EC_EDWARDS_KEY_PAIR_GEN };
  return { keyType: CKK_RSA, curve: null, generateMechanism: CKM.RSA_PKCS_KEY_PAIR_GEN };
}

/**
 * A fresh buffer with what the mechanism takes: DigestInfo for RS*, the digest for ES* and PS*, the message for EdDSA.
 * @returns undefined when a digest has not the length of the algorithm's hash
 */
export function mechanismInput(algorithm: Algorithm, input: Uint8Array): Buffer | undefined {
  const hash = hashOf(algorithm);
  if (hash !== undefined && input.length !== digestBytes(hash)) return undefined;
  if (hash === undefined || !algorithm.startsWith('RS')) return Buffer.from(input);
  return Buffer.concat([DIGEST_INFO_PREFIX[hash], input]);
}

/** Length of a signature as PKCS#11 returns it; undefined for RSA, where it is the modulus'. */
export function fixedSignatureBytes(algorithm: Algorithm): number | undefined {
  if (algorithm === 'ES256' || algorithm === 'EdDSA') return 64;
  return algorithm === 'ES384' ? 96 : undefined;
}
