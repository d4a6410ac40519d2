import type { Algorithm } from '#keys/contract.js';
import { HsmError } from '../../application/ports/hsm.port.js';
import type { HsmKeyRef, HsmSession } from '../../application/ports/hsm.port.js';
import type { Handle, Pending } from './cryptoki.js';
import { CryptokiError } from './cryptoki-error.js';
import { fixedSignatureBytes, mechanismInput, signMechanism } from './mechanisms.js';
import type { OpenToken } from './open-token.js';
import { fromSpki } from './public-key.js';

/** A session lent to one order. Its calls run one after another. */
export class Pkcs11Session implements HsmSession {
  private spoilt = false;
  private released = false;
  private running: Promise<void> | null = null;

  constructor(private readonly token: OpenToken, private readonly session: Handle, private readonly callTimeoutMs: number) {}

  async prepare(key: HsmKeyRef): Promise<void> {
    this.assertUsable();
    await this.guarded(() => Promise.resolve().then(() => this.token.keys.privateKey(this.session, key)));
  }

  async sign(key: HsmKeyRef, input: Uint8Array, timely?: () => boolean): Promise<Uint8Array> {
    this.assertUsable();
    return this.guarded(async () => {
      const data = inputFor(key.algorithm, input);
      const expected = signatureBytes(key);
      this.signInit(key);
      // The operation that C_SignInit began goes with this session.
      if (timely?.() === false) throw new HsmError('retryable', 'UNAVAILABLE', 'C_SignInit took too long');
      // From here on the outcome is `unknown` whatever happens (rule 7).
      const signature = await this.finished(this.token.cryptoki.sign(this.session, data, this.callTimeoutMs));
      if (signature.length !== expected) throw new HsmError('unknown', 'SIGNATURE_INVALID', `C_Sign: a signature of ${signature.length} octets`);
      return signature;
    });
  }

  async verify(key: HsmKeyRef, input: Uint8Array, signature: Uint8Array): Promise<boolean> {
    this.assertUsable();
    return this.guarded(async () => {
      const data = inputFor(key.algorithm, input);
      const { cryptoki, keys } = this.token;
      cryptoki.verifyInit(this.session, signMechanism(key.algorithm), keys.importedPublicKey(key));
      return this.finished(cryptoki.verify(this.session, data, Buffer.from(signature), this.callTimeoutMs));
    });
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    if (this.running !== null) this.token.pool.replaceAfter(this.running, this.session);
    else if (this.spoilt) this.token.pool.replace(this.session);
    else this.token.pool.giveBack(this.session);
  }

  /** A cached handle can be stale: the key was deleted, or deleted and restored. C_SignInit says so, which is certainly before C_Sign, so one new search is safe. */
  private signInit(key: HsmKeyRef): void {
    const { cryptoki, keys } = this.token;
    const mechanism = signMechanism(key.algorithm);
    try {
      cryptoki.signInit(this.session, mechanism, keys.privateKey(this.session, key));
    } catch (error) {
      if (!isStaleHandle(error)) throw error;
      keys.forget(key);
      const handle = keys.privateKey(this.session, key);
      try {
        cryptoki.signInit(this.session, mechanism, handle);
      } catch (again) {
        keys.forget(key);
        if (isStaleHandle(again)) this.token.assertPresent();
        throw again;
      }
    }
  }

  private async finished<T>(pending: Pending<T>): Promise<T> {
    this.running = pending.returned;
    void pending.returned.then(() => (this.running = null));
    return pending.outcome;
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HsmError)) {
        this.spoilt = true;
        throw error;
      }
      // Refused is about the key or the request; anything else may have left an operation open in this session.
      if (error.errorClass !== 'refused' || (error instanceof CryptokiError && error.reach !== 'call')) this.spoilt = true;
      throw error;
    }
  }

  private assertUsable(): void {
    if (this.released || this.spoilt || this.running !== null || this.token.lost) throw new HsmError('retryable', 'UNAVAILABLE', 'this session can no longer be used');
  }
}

const isStaleHandle = (error: unknown): boolean => error instanceof CryptokiError && error.functionName === 'C_SignInit' && error.reason === 'KEY_MISSING';

function inputFor(algorithm: Algorithm, input: Uint8Array): Buffer {
  const data = mechanismInput(algorithm, input);
  if (data === undefined) throw new HsmError('refused', 'REFUSED', `input of ${input.length} octets is no digest for ${algorithm}`);
  return data;
}

const modulusBytes = new WeakMap<HsmKeyRef, number>();
function signatureBytes(key: HsmKeyRef): number {
  const fixed = fixedSignatureBytes(key.algorithm) ?? modulusBytes.get(key);
  if (fixed !== undefined) return fixed;
  const publicKey = fromSpki(key.spki);
  const bytes = publicKey !== undefined && 'modulus' in publicKey ? publicKey.modulus.length : 0;
  modulusBytes.set(key, bytes);
  return bytes;
}
