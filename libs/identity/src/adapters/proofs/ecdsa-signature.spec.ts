import { generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { derSignature, isDerSignature } from './ecdsa-signature.js';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('isDerSignature', () => {
  it('takes every signature that OpenSSL makes, and none of them with a byte more or less', () => {
    for (let i = 0; i < 500; i++) {
      const signature = sign('sha256', Buffer.from([i, i >> 8]), privateKey);
      expect(isDerSignature(signature)).toBe(true);
      expect(isDerSignature(signature.subarray(0, -1))).toBe(false);
      expect(isDerSignature(Buffer.concat([signature, Buffer.from([0])]))).toBe(false);
    }
  });

  it('takes nothing that OpenSSL, which compares with its own encoding, would not', () => {
    const data = Buffer.from('data');
    const signature = sign('sha256', data, privateKey);
    fc.assert(fc.property(fc.nat({ max: signature.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const altered = Buffer.from(signature);
      altered[at] = (altered[at] ?? 0) ^ by;
      expect(verify('sha256', data, publicKey, altered)).toBe(false);
    }));
  });

  it.each([
    ['nothing', ''], ['a sequence of nothing', '3000'], ['no s', '3003020101'], ['zero before a small r', '30070202000102' + '0101'], ['a negative r', '3006020180020101'], ['a negative s', '3006020101020180'],
    ['another tag', '3106020101020101'], ['another tag of r', '3006030101020101'], ['an empty r', '30050200020101'], ['a sequence too short', '3005020101020101'], ['a sequence too long', '3007020101020101'],
    ['a length of two octets', '308106020101020101'], ['something after it', '300602010102010100'], ['something in it after s', '300702010102010100'], ['an r of 34 octets', `3027${'0222'}${'01'.repeat(34)}020101`],
  ])('refuses %s', (_, hex) => {
    expect(isDerSignature(Buffer.from(hex, 'hex'))).toBe(false);
  });

  it('takes the smallest', () => {
    expect(isDerSignature(Buffer.from('3006020101020101', 'hex'))).toBe(true);
    expect(isDerSignature(Buffer.from('30080202008002020080', 'hex'))).toBe(true);
  });
});

describe('derSignature', () => {
  it('is the DER of r and s, which verifies as they do', () => {
    for (let i = 0; i < 300; i++) {
      const data = Buffer.from([i, i >> 8]);
      const der = derSignature(sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
      expect(isDerSignature(der)).toBe(true);
      expect(verify('sha256', data, publicKey, der)).toBe(true);
    }
    expect(derSignature(Buffer.alloc(64)).toString('hex')).toBe('3006020100020100');
  });
});
