import { createPrivateKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';

export interface DevKeys {
  /** One private ES256 key, that signs every token. */
  readonly jwks: { readonly keys: readonly JWK[] };
  readonly cookieKeys: readonly string[];
}

const isDevKeys = (value: unknown): value is DevKeys => {
  const { jwks, cookieKeys } = (typeof value === 'object' && value !== null ? value : {}) as { jwks?: { keys?: unknown }; cookieKeys?: unknown };
  return Array.isArray(jwks?.keys) && jwks.keys.length > 0 && Array.isArray(cookieKeys) && cookieKeys.length > 0 && cookieKeys.every((key) => typeof key === 'string');
};

/** The provider's keys, made once and kept under the data folder, so that tokens outlive a restart. Readable by their owner alone. */
export async function loadOrMakeDevKeys(dataDir: string): Promise<DevKeys> {
  const folder = join(dataDir, 'dev-identity');
  const file = join(folder, 'keys.json');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text !== null) {
    await chmod(file, 0o600);
    return parse(file, text);
  }
  const keys = await makeKeys();
  // renamed into place: a crash before leaves no half-written keys
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, JSON.stringify(keys), { mode: 0o600, flag: 'wx' });
  await rename(draft, file);
  return keys;
}

function parse(file: string, text: string): DevKeys {
  let value: unknown = null;
  try {
    value = JSON.parse(text);
  } catch {
    // told below, without the parser's quotation of a private key
  }
  if (!isDevKeys(value)) throw new Error(`${file} holds no keys of the development identity provider; delete it to have new ones made`);
  return value;
}

async function makeKeys(): Promise<DevKeys> {
  // By way of its encoding: in Node 20 the export of a key as JWK may wait for ever when the job that made it is collected meanwhile.
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', publicKeyEncoding: { type: 'spki', format: 'der' }, privateKeyEncoding: { type: 'pkcs8', format: 'der' } });
  const jwk = await exportJWK(createPrivateKey({ key: privateKey, format: 'der', type: 'pkcs8' }));
  return { jwks: { keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }] }, cookieKeys: [randomBytes(32).toString('base64url')] };
}
