import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Hash = 'sha256' | 'sha384' | 'sha512';
export const hashOfAlgorithm = (algorithm: string): Hash => (algorithm.endsWith('384') ? 'sha384' : algorithm.endsWith('512') ? 'sha512' : 'sha256');
/** As `digestAlgorithm` names it. */
export const wireHash = (algorithm: string): string => hashOfAlgorithm(algorithm).toUpperCase().replace('SHA', 'SHA-');

export interface Signed {
  readonly publicKeyPem: string | undefined;
  readonly algorithm: string;
  /** What was hashed and signed, or, as `digest`, its hash. */
  readonly data?: Uint8Array;
  readonly digest?: Uint8Array;
  /** Base64; ECDSA in DER. */
  readonly signature: string | null | undefined;
}

/** Asks the openssl binary. ECDSA and RSA are verified over the digest, Ed25519 over the message. */
export function opensslVerifies({ publicKeyPem = '', algorithm, data, digest, signature }: Signed): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-openssl-'));
  try {
    const file = (name: string, content: string | Uint8Array): string => (writeFileSync(join(dir, name), content), join(dir, name));
    const hash = hashOfAlgorithm(algorithm);
    const key = ['pkeyutl', '-verify', '-pubin', '-inkey', file('public.pem', publicKeyPem), '-sigfile', file('signature', Buffer.from(signature ?? '', 'base64'))];
    const input = algorithm === 'EdDSA' ? ['-rawin', '-in', file('data', data ?? '')] : ['-in', file('digest', digest ?? createHash(hash).update(data ?? '').digest())];
    const padding = algorithm.startsWith('RS') ? ['-pkeyopt', `digest:${hash}`, '-pkeyopt', 'rsa_padding_mode:pkcs1']
      : algorithm.startsWith('PS') ? ['-pkeyopt', `digest:${hash}`, '-pkeyopt', 'rsa_padding_mode:pss', '-pkeyopt', 'rsa_pss_saltlen:digest'] : [];
    return /Verified Successfully/.test(execFileSync('openssl', [...key, ...input, ...padding], { encoding: 'utf8', stdio: 'pipe', timeout: 20_000 }));
  } catch {
    return false;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
