import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { algorithmOfKey, jwsSignature } from '#identity/adapters/proofs/sign-jws.js';
import type { JwsAlgorithm } from '#identity/adapters/proofs/sign-jws.js';
import type { PublicJwk } from '#identity/contract.js';
import { publicJwkOfKey, publicJwkOfSpki } from './public-jwk.js';
import type { StatementSigner } from './statement-signer.js';

const MAX_BYTES = 65_536;

/**
 * A new private key in a file of its own, PKCS#8 in PEM (RFC 7468), for its owner alone; encrypted where there is a passphrase (PBES2 with PBKDF2 and AES-256-CBC, as OpenSSL has it).
 * Never writes over a file. @throws Error of one line
 */
export function writeNewKey(file: string, algorithm: JwsAlgorithm, passphrase: string | undefined): PublicJwk {
  const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem', ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }) } as const;
  const { privateKey, publicKey } = algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding, privateKeyEncoding }) : generateKeyPairSync('ed25519', { publicKeyEncoding, privateKeyEncoding });
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(descriptor, privateKey);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return publicJwkOfSpki(publicKey);
}

/** @param passphrase asked for when the key turns out to be encrypted @throws Error of one line */
export async function openKeyFile(file: string, passphrase: () => Promise<string>): Promise<StatementSigner> {
  const privateKey = await readKey(file, passphrase);
  return { algorithm: algorithmOfKey(privateKey), publicJwk: publicJwkOfKey(privateKey), sign: (input) => Promise.resolve(jwsSignature(input, privateKey)), close: () => Promise.resolve() };
}

async function readKey(file: string, passphrase: () => Promise<string>): Promise<KeyObject> {
  const descriptor = openSync(file, 'r');
  let pem: string;
  let mode: number;
  try {
    const status = fstatSync(descriptor);
    if (status.size > MAX_BYTES) throw new Error(`${file} is too large for a key`);
    mode = status.mode;
    pem = readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
  const isEncrypted = pem.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----');
  if (!isEncrypted && (mode & 0o077) !== 0) throw new Error(`${file} is open to others than its owner, and not encrypted: chmod 600 ${file}`);
  const secret = isEncrypted ? await passphrase() : undefined;
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(secret === undefined ? {} : { passphrase: secret }) });
  } catch {
    throw new Error(isEncrypted ? `${file} does not open with this passphrase` : `${file} holds no private key in PEM`);
  }
}
