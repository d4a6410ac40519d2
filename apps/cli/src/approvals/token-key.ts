import { createHash } from 'node:crypto';
import type { JwsAlgorithm } from '#identity/adapters/proofs/sign-jws.js';
import { publicJwkOfSpki } from './public-jwk.js';
import type { StatementSigner } from './statement-signer.js';

const SESSION_TIMEOUT_MS = 10_000;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface TokenKey {
  readonly module: string;
  readonly tokenLabel: string;
  readonly pin: string;
  readonly keyLabel: string | undefined;
  readonly keyIdHex: string | undefined;
  readonly algorithm: JwsAlgorithm;
}

/** A key in the approver's own token, behind a PKCS#11 module. One C_Login: a PIN that fails is not tried again. @throws Error of one line */
export async function openTokenKey({ module, tokenLabel, pin, keyLabel, keyIdHex, algorithm }: TokenKey): Promise<StatementSigner> {
  // Loaded when it is asked for: it brings native code.
  const { Pkcs11Hsm } = await import('#signing/adapters/pkcs11/pkcs11-hsm.js');
  const failedPins = { isFailed: () => Promise.resolve(false), remember: () => Promise.resolve() };
  const token = new Pkcs11Hsm({ module, tokenLabel, pin, sessions: 1, failedPins, metrics: { call: () => undefined }, log: SILENT });
  try {
    await token.open();
    const pair = await token.findKeyPair({ label: keyLabel ?? null, idHex: keyIdHex ?? null, algorithm, modulusBits: null });
    const key = { ckaIdHex: pair.ckaIdHex, spki: pair.spki, algorithm };
    return {
      algorithm,
      publicJwk: publicJwkOfSpki(pair.spki),
      async sign(input) {
        const session = await token.acquire(SESSION_TIMEOUT_MS);
        try {
          await session.prepare(key);
          return await session.sign(key, algorithm === 'ES256' ? createHash('sha256').update(input).digest() : Buffer.from(input));
        } finally {
          session.release();
        }
      },
      close: () => token.close(),
    };
  } catch (error) {
    await token.close();
    throw error;
  }
}
