import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import type { Credential } from '#identity/contract.js';
import { openKeyFile, writeNewKey } from './key-file.js';
import { thumbprint } from './public-jwk.js';
import { signedStatement } from './statement-signer.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-key-'));
});
afterEach(() => rmSync(dir, { recursive: true }));
const at = (name: string): string => join(dir, name);
const nobody = (): Promise<string> => Promise.reject(new Error('not asked'));

describe.each(['ES256', 'EdDSA'] as const)('a key file, %s', (algorithm) => {
  it.each([[undefined], ['geheim, with ümläuts']])('is open to its owner alone, and signs (passphrase %s)', async (passphrase) => {
    const jwk = writeNewKey(at('key.pem'), algorithm, passphrase);
    expect(statSync(at('key.pem')).mode & 0o777).toBe(0o600);
    expect(readFileSync(at('key.pem'), 'utf8')).toMatch(passphrase === undefined ? /^-----BEGIN PRIVATE KEY-----\n/ : /^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    const signer = await openKeyFile(at('key.pem'), passphrase === undefined ? nobody : () => Promise.resolve(passphrase));
    expect(signer).toMatchObject({ algorithm, publicJwk: jwk });
    const credential: Credential = { credentialId: 'c', owner: { issuer: 'i', subject: 's' }, label: '', status: 'active', createdAt: '2026-11-20T12:00:00.000Z', key: { type: 'jwk', publicJwk: jwk } };
    expect(await new CredentialProofVerifier().jws(await signedStatement('{}', 'c', signer), credential)).toEqual({ payload: '{}' });
  });

  it('is one that openssl reads', () => {
    writeNewKey(at('key.pem'), algorithm, 'geheim');
    expect(execFileSync('openssl', ['pkey', '-in', at('key.pem'), '-passin', 'pass:geheim', '-noout', '-text'], { encoding: 'utf8' })).toMatch(algorithm === 'ES256' ? /prime256v1/ : /ED25519/);
  });

  it('made by openssl is one that is read here', async () => {
    execFileSync('openssl', ['genpkey', ...(algorithm === 'ES256' ? ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['-algorithm', 'ed25519']), '-aes-256-cbc', '-pass', 'pass:geheim', '-out', at('key.pem')], { stdio: 'pipe' });
    expect((await openKeyFile(at('key.pem'), () => Promise.resolve('geheim'))).algorithm).toBe(algorithm);
  });
});

describe('a key file', () => {
  it('is never written over, nor through a link', () => {
    writeFileSync(at('there'), 'precious');
    symlinkSync(at('elsewhere'), at('link'));
    for (const name of ['there', 'link']) expect(() => writeNewKey(at(name), 'ES256', undefined)).toThrow('EEXIST');
    expect(readFileSync(at('there'), 'utf8')).toBe('precious');
  });

  it('that is not encrypted must be open to nobody else', async () => {
    writeNewKey(at('plain.pem'), 'ES256', undefined);
    writeNewKey(at('encrypted.pem'), 'ES256', 'geheim');
    for (const name of ['plain.pem', 'encrypted.pem']) chmodSync(at(name), 0o640);
    await expect(openKeyFile(at('plain.pem'), nobody)).rejects.toThrow('chmod 600');
    expect((await openKeyFile(at('encrypted.pem'), () => Promise.resolve('geheim'))).algorithm).toBe('ES256');
  });

  it.each<[string, string, RegExp]>([
    ['nothing', '', /holds no private key/],
    ['a public key', generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(), /holds no private key/],
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /EC P-256 or Ed25519/],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), /EC P-256 or Ed25519/],
    ['too much', 'x'.repeat(70_000), /too large/],
  ])('with %s is refused', async (_name, content, about) => {
    writeFileSync(at('key.pem'), content, { mode: 0o600 });
    await expect(openKeyFile(at('key.pem'), nobody)).rejects.toThrow(about);
  });

  it('does not open with another passphrase', async () => {
    writeNewKey(at('key.pem'), 'ES256', 'geheim');
    await expect(openKeyFile(at('key.pem'), () => Promise.resolve('offen'))).rejects.toThrow('does not open with this passphrase');
  });
});

describe('thumbprint', () => {
  it('is that of RFC 8037, A.3', () => {
    expect(thumbprint({ kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' })).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });
});
