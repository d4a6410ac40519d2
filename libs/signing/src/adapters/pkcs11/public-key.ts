import { BitString, Integer, Null, ObjectIdentifier, OctetString, PrintableString, fromBER } from 'asn1js';
import { AlgorithmIdentifier, PublicKeyInfo, RSAPublicKey } from 'pkijs';
import { CKA, CKK_EC, CKK_EC_EDWARDS, CKK_RSA } from './cryptoki-constants.js';
import type { Attribute } from './cryptoki.js';
import type { KeyKind } from './mechanisms.js';

export type Curve = 'P-256' | 'P-384' | 'Ed25519';

const CURVES: readonly { readonly curve: Curve; readonly oid: string; readonly pointBytes: number }[] = [
  { curve: 'P-256', oid: '1.2.840.10045.3.1.7', pointBytes: 65 },
  { curve: 'P-384', oid: '1.3.132.0.34', pointBytes: 97 },
  { curve: 'Ed25519', oid: '1.3.101.112', pointBytes: 32 },
];
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const ED25519 = '1.3.101.112';

/** Public key as PKCS#11 holds it, in plain octets. */
export type PublicKey =
  | { readonly keyType: typeof CKK_RSA; readonly modulus: Buffer; readonly publicExponent: Buffer }
  | { readonly keyType: typeof CKK_EC | typeof CKK_EC_EDWARDS; readonly curve: Curve; readonly point: Buffer };

const curveRow = (curve: Curve) => {
  const row = CURVES.find((c) => c.curve === curve);
  if (row === undefined) throw new TypeError(`not a curve: ${curve}`);
  return row;
};
const withoutLeadingZeros = (octets: Buffer): Buffer => {
  let from = 0;
  while (from < octets.length - 1 && octets[from] === 0) from++;
  return octets.subarray(from);
};
const unsignedInteger = (octets: Buffer): Integer => {
  const bare = withoutLeadingZeros(octets);
  return new Integer({ valueHex: (bare[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare });
};

/** DER of CKA_EC_PARAMS: the named curve's object identifier. */
export const ecParams = (curve: Curve): Buffer => Buffer.from(new ObjectIdentifier({ value: curveRow(curve).oid }).toBER());

/** The curve that CKA_EC_PARAMS names; PKCS#11 v3.0 section 2.3.10 allows `edwards25519` as a string. @returns undefined for any other */
export function curveOfParams(params: Buffer): Curve | undefined {
  const { result } = decoded(params) ?? {};
  if (result instanceof PrintableString) return result.getValue() === 'edwards25519' ? 'Ed25519' : undefined;
  return result instanceof ObjectIdentifier ? CURVES.find((c) => c.oid === result.getValue())?.curve : undefined;
}

/** The point in CKA_EC_POINT: DER OCTET STRING around it (v2.40), or bare as some tokens have it. @returns undefined when its length is not the curve's */
export function pointOf(curve: Curve, attribute: Buffer): Buffer | undefined {
  const { pointBytes } = curveRow(curve);
  if (attribute.length === pointBytes) return attribute;
  const { result } = decoded(attribute) ?? {};
  if (!(result instanceof OctetString)) return undefined;
  const point = Buffer.from(result.getValue());
  return point.length === pointBytes ? point : undefined;
}

function decoded(der: Buffer): ReturnType<typeof fromBER> | undefined {
  try {
    const read = fromBER(der);
    return read.offset === der.length ? read : undefined;
  } catch {
    return undefined;
  }
}

/** SubjectPublicKeyInfo, DER (RFC 5280 section 4.1; RFC 3279 section 2.3.1, RFC 5480 section 2, RFC 8410 section 4). */
export function toSpki(key: PublicKey): Buffer {
  if (key.keyType === CKK_RSA) {
    const algorithm = new AlgorithmIdentifier({ algorithmId: RSA_ENCRYPTION, algorithmParams: new Null() });
    const rsa = new RSAPublicKey({ modulus: unsignedInteger(key.modulus), publicExponent: unsignedInteger(key.publicExponent) });
    return encoded(algorithm, Buffer.from(rsa.toSchema().toBER()));
  }
  if (key.curve === 'Ed25519') return encoded(new AlgorithmIdentifier({ algorithmId: ED25519 }), key.point);
  return encoded(new AlgorithmIdentifier({ algorithmId: EC_PUBLIC_KEY, algorithmParams: new ObjectIdentifier({ value: curveRow(key.curve).oid }) }), key.point);
}
const encoded = (algorithm: AlgorithmIdentifier, subjectPublicKey: Buffer): Buffer =>
  Buffer.from(new PublicKeyInfo({ algorithm, subjectPublicKey: new BitString({ valueHex: subjectPublicKey }) }).toSchema().toBER());

/** @returns undefined when it is no SubjectPublicKeyInfo of a supported kind */
export function fromSpki(spki: Uint8Array): PublicKey | undefined {
  const info = publicKeyInfo(spki);
  if (info === undefined) return undefined;
  const bits = Buffer.from(info.subjectPublicKey.valueBlock.valueHexView);
  const { algorithmId } = info.algorithm;
  const algorithmParams: unknown = info.algorithm.algorithmParams;
  if (algorithmId === RSA_ENCRYPTION) {
    const { parsedKey } = info;
    if (!(parsedKey instanceof RSAPublicKey)) return undefined;
    return {
      keyType: CKK_RSA,
      modulus: withoutLeadingZeros(Buffer.from(parsedKey.modulus.valueBlock.valueHexView)),
      publicExponent: withoutLeadingZeros(Buffer.from(parsedKey.publicExponent.valueBlock.valueHexView)),
    };
  }
  if (algorithmId === ED25519) return bits.length === 32 ? { keyType: CKK_EC_EDWARDS, curve: 'Ed25519', point: bits } : undefined;
  if (algorithmId !== EC_PUBLIC_KEY || !(algorithmParams instanceof ObjectIdentifier)) return undefined;
  const row = CURVES.find((c) => c.oid === algorithmParams.getValue());
  return row !== undefined && bits.length === row.pointBytes ? { keyType: CKK_EC, curve: row.curve, point: bits } : undefined;
}
function publicKeyInfo(spki: Uint8Array): PublicKeyInfo | undefined {
  try {
    return PublicKeyInfo.fromBER(Uint8Array.from(spki).buffer);
  } catch {
    return undefined;
  }
}

/** Attributes that hold this key in a public key object. */
export function publicKeyAttributes(key: PublicKey): readonly Attribute[] {
  if (key.keyType === CKK_RSA) return [{ type: CKA.MODULUS, value: key.modulus }, { type: CKA.PUBLIC_EXPONENT, value: key.publicExponent }];
  return [{ type: CKA.EC_PARAMS, value: ecParams(key.curve) }, { type: CKA.EC_POINT, value: Buffer.from(new OctetString({ valueHex: key.point }).toBER()) }];
}

/** Bits of an RSA modulus. */
export const modulusBits = (modulus: Buffer): number => {
  const bare = withoutLeadingZeros(modulus);
  return bare.length * 8 - Math.clz32(bare[0] ?? 0) + 24;
};

/** Whether a public key is what an algorithm needs; a modulus of 2048, 3072 or 4096 bits, of the size asked for where one is. */
export function isOfKind(key: PublicKey, kind: KeyKind, bits: number | null): boolean {
  if (key.keyType !== kind.keyType) return false;
  if (key.keyType !== CKK_RSA) return key.curve === kind.curve;
  const size = modulusBits(key.modulus);
  return bits === null ? [2048, 3072, 4096].includes(size) : size === bits;
}
