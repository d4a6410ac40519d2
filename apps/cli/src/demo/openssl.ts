import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const TIMEOUT_MS = 10_000;
const run = promisify(execFile);

/** What the program `openssl dgst -sha256 -verify` says of a file, its signature (DER) and a public key (PEM): its first line of output, as in "Verified OK". */
export async function opensslSays(publicKeyPem: string, file: Uint8Array, signature: Uint8Array): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-openssl-'));
  const [key, signed, signatureFile] = [join(dir, 'key.pem'), join(dir, 'file'), join(dir, 'file.sig')];
  try {
    await Promise.all([writeFile(key, publicKeyPem), writeFile(signed, file), writeFile(signatureFile, signature)]);
    const { stdout } = await run('openssl', ['dgst', '-sha256', '-verify', key, '-signature', signatureFile, signed], { timeout: TIMEOUT_MS });
    return firstLine(stdout);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new Error('openssl is not installed', { cause: error });
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return firstLine(error.stdout) || 'no answer';
    throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
