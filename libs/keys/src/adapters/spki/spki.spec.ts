import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { SpkiError, isForAlgorithm, kindOfSpki, spkiSha256Hex, spkiToPem } from './spki.js';

const base64 = (key: KeyObject): string => key.export({ format: 'der', type: 'spki' }).toString('base64');
const keys = {
  p256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey,
  p384: generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey,
  p521: generateKeyPairSync('ec', { namedCurve: 'secp521r1' }).publicKey,
  rsa: generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey,
  ed25519: generateKeyPairSync('ed25519').publicKey,
};

describe('SubjectPublicKeyInfo', () => {
  it.each(['p256', 'p384', 'rsa', 'ed25519'] as const)('of %s is the PEM that OpenSSL writes and reads', (name) => {
    const pem = spkiToPem(base64(keys[name]));
    expect(pem).toBe(keys[name].export({ format: 'pem', type: 'spki' }));
    expect(createPublicKey(pem).equals(keys[name])).toBe(true);
  });

  it('is named by the SHA-256 of its DER', () => {
    expect(spkiSha256Hex(base64(keys.p256))).toBe(createHash('sha256').update(keys.p256.export({ format: 'der', type: 'spki' })).digest('hex'));
  });

  it('says its kind', () => {
    expect(kindOfSpki(base64(keys.p256))).toEqual({ kind: 'P-256', modulusBits: null });
    expect(kindOfSpki(base64(keys.p384))).toEqual({ kind: 'P-384', modulusBits: null });
    expect(kindOfSpki(base64(keys.rsa))).toEqual({ kind: 'RSA', modulusBits: 2_048 });
    expect(kindOfSpki(base64(keys.ed25519))).toEqual({ kind: 'Ed25519', modulusBits: null });
    expect(() => kindOfSpki(base64(keys.p521))).toThrow(SpkiError);
  });

  it.each([
    ['ES256', 'p256'], ['ES384', 'p384'], ['RS256', 'rsa'], ['RS384', 'rsa'], ['RS512', 'rsa'], ['PS256', 'rsa'], ['PS384', 'rsa'], ['PS512', 'rsa'], ['EdDSA', 'ed25519'],
  ] as const)('for %s is %s alone', (algorithm, fitting) => {
    const fits = (['p256', 'p384', 'rsa', 'ed25519'] as const).filter((name) => isForAlgorithm(base64(keys[name]), algorithm));
    expect(fits).toEqual([fitting]);
  });

  it.each([
    ['nothing', ''],
    ['text', 'not base64!'],
    ['base64 without padding', base64(keys.p256).replace(/=+$/, '').slice(0, -1)],
    ['DER with an octet after it', Buffer.concat([Buffer.from(base64(keys.p256), 'base64'), Buffer.of(0)]).toString('base64')],
    ['a truncated DER', Buffer.from(base64(keys.p256), 'base64').subarray(0, 40).toString('base64')],
    ['another structure', Buffer.from('3003020101', 'hex').toString('base64')],
  ])('is refused: %s', (_what, input) => {
    expect(() => spkiToPem(input)).toThrow(SpkiError);
    expect(() => spkiSha256Hex(input)).toThrow(SpkiError);
  });
});
