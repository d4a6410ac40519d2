import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestBytes, hashOf } from '#keys/contract.js';
import type { Algorithm } from '#keys/contract.js';

/** Whether the `openssl` program finds a signature good. @param input digest, for EdDSA the message @param signature ECDSA as DER */
export function opensslVerifies(pem: string, algorithm: Algorithm, input: Uint8Array, signature: Uint8Array): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'openssl-'));
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  try {
    const args = ['pkeyutl', '-verify', '-pubin', '-inkey', file('key.pem', pem), '-in', file('input', input), '-sigfile', file('signature', signature)];
    const hash = hashOf(algorithm);
    if (hash === undefined) args.push('-rawin');
    else if (!algorithm.startsWith('ES')) {
      args.push('-pkeyopt', `digest:${hash.replace('-', '').toLowerCase()}`, '-pkeyopt', `rsa_padding_mode:${algorithm.startsWith('RS') ? 'pkcs1' : 'pss'}`);
      if (algorithm.startsWith('PS')) args.push('-pkeyopt', `rsa_pss_saltlen:${digestBytes(hash)}`);
    }
    const { status, stdout } = spawnSync('openssl', args, { encoding: 'utf8', timeout: 20_000 });
    return status === 0 && /Success/i.test(stdout);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
