import { createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { SignatureFormatError, ecdsaDerToRaw, ecdsaRawToDer } from './ecdsa-der.js';

const raws = fc.constantFrom(64 as const, 96 as const).chain((bytes) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((raw) => ({ raw, bytes })));
const der = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('ECDSA signatures between r‖s and DER', () => {
  it('come back as they were', () => {
    fc.assert(fc.property(raws, ({ raw, bytes }) => expect(ecdsaDerToRaw(ecdsaRawToDer(raw), bytes)).toEqual(raw)));
  });

  it('come back as they were with leading zeros and set first bits', () => {
    const edge = fc.constantFrom(0x00, 0x01, 0x7f, 0x80, 0xff);
    const half = fc.tuple(fc.nat(31), edge).map(([zeros, first]) => Uint8Array.from({ length: 32 }, (_, i) => (i < zeros ? 0 : i === zeros ? first : 0xa5)));
    fc.assert(fc.property(half, half, (r, s) => {
      const raw = Uint8Array.from([...r, ...s]);
      expect(ecdsaDerToRaw(ecdsaRawToDer(raw), 64)).toEqual(raw);
    }));
  });

  it.each([['prime256v1', 'sha256', 64], ['secp384r1', 'sha384', 96]] as const)('of %s are what OpenSSL makes and takes', (namedCurve, hash, bytes) => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve });
    const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
    for (let i = 0; i < 50; i++) {
      const data = Buffer.from(`message ${i}`);
      const raw = sign(hash, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(verify(hash, data, key, ecdsaRawToDer(raw))).toBe(true);
      const theirs = sign(hash, data, privateKey);
      expect(verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, ecdsaDerToRaw(theirs, bytes))).toBe(true);
    }
  });

  it('are encoded as X.690 says', () => {
    const raw = new Uint8Array(64);
    raw[31] = 1;
    raw[32] = 0x80;
    expect(Buffer.from(ecdsaRawToDer(raw)).toString('hex')).toBe(`3026020101022100${'80'.padEnd(64, '0')}`);
  });

  it.each([
    ['nothing', ''],
    ['one number', '3003020101'],
    ['three numbers', '3009020101020101020101'],
    ['an octet after it', '300602010102010100'],
    ['an octet within it', '30080201010201010500'],
    ['a number longer than needed', '300702020001020101'],
    ['a negative number', '3006020181020101'],
    ['a length longer than needed', '308106020101020101'],
    ['a number of 33 octets', `3026022101${'00'.repeat(32)}020101`],
    ['an octet string', '3006040101020101'],
    ['a set', '3106020101020101'],
  ])('are refused: %s', (_what, hex) => {
    expect(() => ecdsaDerToRaw(der(hex), 64)).toThrow(SignatureFormatError);
  });

  it('are refused when r‖s has no curve’s width', () => {
    expect(() => ecdsaRawToDer(new Uint8Array(65))).toThrow(SignatureFormatError);
  });
});
