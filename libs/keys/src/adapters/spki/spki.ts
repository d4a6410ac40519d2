import { createHash } from 'node:crypto';
import { ObjectIdentifier } from 'asn1js';
import { PublicKeyInfo, RSAPublicKey } from 'pkijs';
import type { Algorithm } from '../../domain/key/algorithm.js';

export class SpkiError extends Error {
  override readonly name = 'SpkiError';
}

/** What kind of key a SubjectPublicKeyInfo holds; `modulusBits` is null for all but RSA. */
export interface SpkiKind {
  readonly kind: 'RSA' | 'P-256' | 'P-384' | 'Ed25519';
  readonly modulusBits: number | null;
}

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const ED25519 = '1.3.101.112';
const CURVES: ReadonlyMap<string, 'P-256' | 'P-384'> = new Map([['1.2.840.10045.3.1.7', 'P-256'], ['1.3.132.0.34', 'P-384']]);

/** PEM of a SubjectPublicKeyInfo (RFC 7468 section 13): lines of 64 characters, a newline at the end. @param base64Der base64 DER @throws SpkiError */
export function spkiToPem(base64Der: string): string {
  const body = parse(base64Der).der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PUBLIC KEY-----', ...body, '-----END PUBLIC KEY-----', ''].join('\n');
}

/** Lower-case hex SHA-256 of the DER: the name of a key pair. @param base64Der base64 DER @throws SpkiError */
export const spkiSha256Hex = (base64Der: string): string => createHash('sha256').update(parse(base64Der).der).digest('hex');

/** @param base64Der base64 DER of a SubjectPublicKeyInfo @throws SpkiError when it is of no supported kind */
export function kindOfSpki(base64Der: string): SpkiKind {
  const { info } = parse(base64Der);
  const { algorithmId } = info.algorithm;
  const algorithmParams: unknown = info.algorithm.algorithmParams;
  const octets = info.subjectPublicKey.valueBlock.valueHexView;
  if (algorithmId === RSA_ENCRYPTION && info.parsedKey instanceof RSAPublicKey) {
    // Not `toBigInt()`: pkijs drops the zero before a first bit that is set, and asn1js then reads a negative number.
    const magnitude = Buffer.from(info.parsedKey.modulus.valueBlock.valueHexView).toString('hex');
    return { kind: 'RSA', modulusBits: BigInt(`0x${magnitude}`).toString(2).length };
  }
  if (algorithmId === ED25519 && octets.length === 32) return { kind: 'Ed25519', modulusBits: null };
  const curve = algorithmId === EC_PUBLIC_KEY && algorithmParams instanceof ObjectIdentifier ? CURVES.get(algorithmParams.getValue()) : undefined;
  if (curve === undefined || octets[0] !== 0x04 || octets.length !== (curve === 'P-256' ? 65 : 97)) throw new SpkiError('a public key of an unsupported kind');
  return { kind: curve, modulusBits: null };
}

/** Whether signatures of this algorithm are made with a key of this kind. @throws SpkiError when it is of no supported kind */
export function isForAlgorithm(base64Der: string, algorithm: Algorithm): boolean {
  const { kind } = kindOfSpki(base64Der);
  if (algorithm === 'ES256') return kind === 'P-256';
  if (algorithm === 'ES384') return kind === 'P-384';
  return kind === (algorithm === 'EdDSA' ? 'Ed25519' : 'RSA');
}

function parse(base64Der: string): { readonly der: Buffer; readonly info: PublicKeyInfo } {
  const der = Buffer.from(base64Der, 'base64');
  if (der.length === 0 || der.toString('base64') !== base64Der) throw new SpkiError('no canonical base64');
  let info: PublicKeyInfo;
  try {
    info = PublicKeyInfo.fromBER(Uint8Array.from(der).buffer);
  } catch {
    throw new SpkiError('no SubjectPublicKeyInfo');
  }
  if (!Buffer.from(info.toSchema().toBER()).equals(der)) throw new SpkiError('a SubjectPublicKeyInfo that is not DER');
  return { der, info };
}
