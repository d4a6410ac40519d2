import fc from 'fast-check';
import { newKeyPair, newKeyPairOf } from '#test/fixtures/key-pair.js';
import { isUsableEd25519Point } from './ed25519-point.js';
import { publicJwkOf } from './public-jwk.js';

const ec = newKeyPair('ES256');
const ed = newKeyPair('EdDSA');
const EC = ec.publicJwk;
const ED = ed.publicJwk;

/** RFC 8032's little-endian 32 bytes of a number. */
const encoded = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
const P = 2n ** 255n - 19n;
const SIGN = 1n << 255n;
/** y of the points of order eight. */
const Y8 = 2707385501144840649318225287225658788936804267575313519463743609750303021022n;
const Y8_OTHER = 55188659117513257062467267217118295137698188065244968500265048394206261417927n;
const SMALL: readonly (readonly [string, bigint])[] = [
  ['order 1', 1n], ['order 1, other sign', 1n + SIGN], ['order 2', P - 1n], ['order 2, other sign', P - 1n + SIGN], ['order 4', 0n], ['order 4, other sign', SIGN],
  ['order 8', Y8], ['order 8, other sign', Y8 + SIGN], ['order 8, other y', Y8_OTHER], ['order 8, other y and sign', Y8_OTHER + SIGN],
  ['order 4, not reduced', P], ['order 1, not reduced', P + 1n], ['all ones', SIGN * 2n - 1n],
];

describe('publicJwkOf', () => {
  it.each([['EC', EC], ['OKP', ED]])('takes an %s key', (_, jwk) => {
    expect(publicJwkOf(jwk, '/publicJwk')).toEqual({ publicJwk: jwk });
  });

  it('leaves out what only says something about it', () => {
    expect(publicJwkOf({ ...EC, kid: 'mine', alg: 'ES256', use: 'sig', key_ops: ['verify'], ext: true }, '')).toEqual({ publicJwk: EC });
  });

  it.each([['EC', ec], ['OKP', ed]])('refuses a private %s key, by the name of its member', (_, { privateKey }) => {
    expect(publicJwkOf(privateKey.export({ format: 'jwk' }), '/publicJwk')).toEqual({ faults: [{ path: '/publicJwk/d', message: expect.stringContaining('private') }] });
  });

  it.each<[string, unknown, string]>([
    ['no object', 'x', ''],
    ['a list', [EC], ''],
    ['null', null, ''],
    ['RSA', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, ''],
    ['a secret', { kty: 'oct', k: 'AAAA' }, ''],
    ['P-384', newKeyPairOf('P-384').jwk, ''],
    ['secp256k1', { ...EC, crv: 'secp256k1' }, ''],
    ['X25519', newKeyPairOf('X25519').jwk, ''],
    ['Ed448', newKeyPairOf('Ed448').jwk, ''],
    ['EC of Ed25519', { ...EC, crv: 'Ed25519' }, ''],
    ['no y', { ...EC, y: undefined }, '/y'],
    ['padding', { ...EC, x: `${EC.x}=` }, '/x'],
    ['the standard alphabet', { ...EC, x: `+${EC.x?.slice(1)}` }, '/x'],
    ['bits to spare', { ...ED, x: `${'A'.repeat(42)}B` }, '/x'],
    ['31 bytes', { ...EC, x: Buffer.alloc(31, 1).toString('base64url') }, '/x'],
    ['33 bytes', { ...ED, x: Buffer.alloc(33, 1).toString('base64url') }, '/x'],
    ['a number', { ...EC, x: 7 }, '/x'],
    ['y of another key', { ...EC, y: EC.x }, ''],
    ['the point at infinity', { ...EC, x: 'A'.repeat(43), y: 'A'.repeat(43) }, ''],
    ['an unknown member', { ...EC, 'x5t/S~': 'x' }, '/x5t~1S~0'],
    ['a y where there is none', { ...ED, y: ED.x }, '/y'],
  ])('refuses %s', (_name, value, path) => {
    expect(publicJwkOf(value, '/k')).toEqual({ faults: [expect.objectContaining({ path: `/k${path}` })] });
  });

  it.each(SMALL)('refuses the point of %s', (_, y) => {
    expect(publicJwkOf({ kty: 'OKP', crv: 'Ed25519', x: encoded(y).toString('base64url') }, '')).toHaveProperty('faults');
  });

  it('takes every Ed25519 key that is made, and about half of all other texts of 32 bytes', () => {
    for (let i = 0; i < 20; i++) expect(publicJwkOf(newKeyPair('EdDSA').publicJwk, '')).toHaveProperty('publicJwk');
    const share = Array.from({ length: 200 }, (_, i) => isUsableEd25519Point(encoded(BigInt(i) + 1_000n))).filter(Boolean).length / 200;
    expect(share).toBeGreaterThan(0.3);
    expect(share).toBeLessThan(0.7);
  });

  it('never throws', () => {
    const odd = fc.oneof(fc.anything(), fc.record({ kty: fc.constantFrom('EC', 'OKP'), crv: fc.constantFrom('P-256', 'Ed25519'), x: fc.oneof(fc.anything(), fc.base64String()), y: fc.anything() }));
    fc.assert(fc.property(odd, (value) => {
      const read = publicJwkOf(value, '/k');
      expect('publicJwk' in read || read.faults.length > 0).toBe(true);
    }));
  });
});
