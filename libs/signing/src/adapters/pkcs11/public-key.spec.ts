import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CKA, CKK_EC, CKK_EC_EDWARDS, CKK_RSA } from './cryptoki-constants.js';
import { keyKind } from './mechanisms.js';
import { curveOfParams, ecParams, fromSpki, isOfKind, modulusBits, pointOf, publicKeyAttributes, toSpki } from './public-key.js';

const spki = (key: KeyObject): Buffer => key.export({ format: 'der', type: 'spki' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
const kinds = {
  'P-256': generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey,
  'P-384': generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey,
  Ed25519: generateKeyPairSync('ed25519').publicKey,
  RSA: rsa,
};

describe('public keys between PKCS#11 and SubjectPublicKeyInfo', () => {
  it.each(Object.entries(kinds))('%s comes back as OpenSSL wrote it', (_kind, key) => {
    const read = fromSpki(spki(key));
    expect(read).toBeDefined();
    if (read === undefined) return;
    expect(toSpki(read)).toEqual(spki(key));
    expect(createPublicKey({ key: toSpki(read), format: 'der', type: 'spki' }).equals(key)).toBe(true);
  });

  it('takes a modulus with and without leading zeros', () => {
    const read = fromSpki(spki(rsa));
    if (read?.keyType !== CKK_RSA) throw new Error('no RSA key');
    expect(modulusBits(read.modulus)).toBe(2_048);
    expect(modulusBits(Buffer.concat([Buffer.alloc(3), read.modulus]))).toBe(2_048);
    expect(modulusBits(Buffer.from('01ff', 'hex'))).toBe(9);
    expect(toSpki({ ...read, modulus: Buffer.concat([Buffer.alloc(1), read.modulus]) })).toEqual(spki(rsa));
  });

  it.each(['P-256', 'P-384', 'Ed25519'] as const)('%s: parameters and point as tokens write them', (curve) => {
    const read = fromSpki(spki(kinds[curve]));
    if (read === undefined || read.keyType === CKK_RSA) throw new Error('no elliptic curve');
    const attributes = publicKeyAttributes(read);
    const [params, point] = [CKA.EC_PARAMS, CKA.EC_POINT].map((type) => attributes.find((a) => a.type === type)?.value);
    if (!Buffer.isBuffer(params) || !Buffer.isBuffer(point)) throw new Error('no attributes');
    expect(curveOfParams(params)).toBe(curve);
    expect(pointOf(curve, point)).toEqual(read.point);
    expect(pointOf(curve, read.point)).toEqual(read.point);
    expect(pointOf(curve, point.subarray(1))).toBeUndefined();
  });

  it('knows Ed25519 by its name too, and no other curve', () => {
    expect(curveOfParams(Buffer.from('130c656477617264733235353139', 'hex'))).toBe('Ed25519');
    expect(ecParams('P-256').toString('hex')).toBe('06082a8648ce3d030107');
    expect(curveOfParams(Buffer.from('06052b8104000a', 'hex'))).toBeUndefined();
    expect(curveOfParams(Buffer.from('no DER'))).toBeUndefined();
  });

  it('fits the algorithms of its kind alone', () => {
    const p256 = fromSpki(spki(kinds['P-256']));
    const modulus = fromSpki(spki(rsa));
    if (p256 === undefined || modulus === undefined) throw new Error('not read');
    expect([p256.keyType, modulus.keyType, fromSpki(spki(kinds.Ed25519))?.keyType]).toEqual([CKK_EC, CKK_RSA, CKK_EC_EDWARDS]);
    expect(isOfKind(p256, keyKind('ES256'), null)).toBe(true);
    expect(isOfKind(p256, keyKind('ES384'), null)).toBe(false);
    expect(isOfKind(modulus, keyKind('PS512'), null)).toBe(true);
    expect(isOfKind(modulus, keyKind('PS512'), 2_048)).toBe(true);
    expect(isOfKind(modulus, keyKind('PS512'), 3_072)).toBe(false);
    expect(isOfKind(modulus, keyKind('EdDSA'), null)).toBe(false);
  });

  it('is undefined for what it does not know', () => {
    expect(fromSpki(Buffer.from('no DER'))).toBeUndefined();
    expect(fromSpki(spki(generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).publicKey))).toBeUndefined();
    expect(fromSpki(spki(generateKeyPairSync('ed448').publicKey))).toBeUndefined();
  });
});
