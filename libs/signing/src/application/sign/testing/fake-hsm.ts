import { createHmac } from 'node:crypto';
import { HsmError } from '../../ports/hsm.port.js';
import type { Hsm, HsmKeyPair, HsmKeyRef, HsmSession, HsmStatus } from '../../ports/hsm.port.js';

/** What a fake token does beside signing; everything is optional and asked at each call. */
export interface FakeHsmFaults {
  /** Called with the number of the C_Sign (from 1) as C_SignInit. */
  init?: (call: number) => Promise<void> | void;
  /** Called with the number of the C_Sign (from 1) before it is counted: what it throws, was thrown before C_Sign. */
  beforeSign?: (call: number) => Promise<void> | void;
  /** Called after it was counted: what it throws, was thrown by C_Sign. */
  afterSign?: (call: number) => Promise<void> | void;
  prepare?: () => void;
  /** Another key answers. */
  wrongKey?: (call: number) => boolean;
}

/** A token for tests of interleavings. A "signature" is an HMAC of what is signed under the key's public key, so that it can be verified. */
export class FakeHsm implements Hsm {
  /** Inputs handed to C_Sign, in order. */
  readonly signed: string[] = [];
  private attempts = 0;

  constructor(readonly faults: FakeHsmFaults = {}, private readonly serial = 'serial-1') {}

  open(): Promise<void> {
    return Promise.resolve();
  }
  status(): HsmStatus {
    return { state: 'ready', tokenSerial: this.serial };
  }
  acquire(): Promise<HsmSession> {
    const mac = (key: HsmKeyRef, input: Uint8Array): Buffer => createHmac('sha256', key.spki).update(input).digest();
    return Promise.resolve({
      prepare: async () => this.faults.prepare?.(),
      sign: async (key, input, timely) => {
        const call = ++this.attempts;
        await this.faults.init?.(call);
        if (timely?.() === false) throw new HsmError('retryable', 'UNAVAILABLE', 'too late');
        await this.faults.beforeSign?.(call);
        this.signed.push(Buffer.from(input).toString('base64'));
        await this.faults.afterSign?.(call);
        return this.faults.wrongKey?.(call) === true ? mac({ ...key, spki: Buffer.from('another') }, input) : mac(key, input);
      },
      verify: (key, input, signature) => Promise.resolve(mac(key, input).equals(signature)),
      release: () => undefined,
    });
  }
  findOrCreateKeyPair(): Promise<HsmKeyPair> {
    return Promise.reject(new HsmError('refused', 'REFUSED', 'not here'));
  }
  findKeyPair(): Promise<HsmKeyPair> {
    return Promise.reject(new HsmError('refused', 'REFUSED', 'not here'));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
