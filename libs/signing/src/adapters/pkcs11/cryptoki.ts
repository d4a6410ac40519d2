import { HsmError } from '../../application/ports/hsm.port.js';
import type { HsmMetrics } from '../../application/ports/hsm.port.js';
import { CKF_RW_SESSION, CKF_SERIAL_SESSION, CKR, CKU_USER } from './cryptoki-constants.js';
import { CryptokiError, toCryptokiError } from './cryptoki-error.js';
import type { ModuleLease } from './module-registry.js';
import type { Mechanism } from './mechanisms.js';

/** CK_SESSION_HANDLE, CK_OBJECT_HANDLE or CK_SLOT_ID in native form. */
export type Handle = Buffer;
export interface Attribute {
  readonly type: number;
  readonly value: number | boolean | string | Buffer;
}
export interface TokenInfo {
  readonly label: string;
  readonly serial: string;
}
/** A call that runs on a thread of libuv's pool. It can't be cancelled: `outcome` gives up at its deadline, `returned` says when the call is really over. */
export interface Pending<T> {
  readonly outcome: Promise<T>;
  readonly returned: Promise<void>;
}

/** Longer than any signature: RSA of 4096 bits has 512 bytes. A larger buffer than needed spares the call that asks for the length. */
const SIGNATURE_BUFFER_BYTES = 1_024;
const FIND_AT_ONCE = 64;

// The binding hands bare pointers to its pool threads and keeps no reference to the buffers: what is in here can't be collected while a call runs.
const buffersInUse = new Set<readonly Buffer[]>();

/**
 * The PKCS#11 calls of one opening, each measured and each failure classified. Synchronous ones run on the caller's thread.
 * Uses the native binding under graphene: graphene's `once()` copies its input into a buffer that nothing keeps alive during the call.
 */
export class Cryptoki {
  constructor(private readonly lease: ModuleLease, private readonly metrics: HsmMetrics, private readonly onFault: (error: CryptokiError) => void) {}

  slots(): readonly Handle[] {
    return this.call('C_GetSlotList', () => this.lease.lib.C_GetSlotList(true));
  }
  tokenInfo(slot: Handle): TokenInfo {
    const info = this.call('C_GetTokenInfo', () => this.lease.lib.C_GetTokenInfo(slot));
    return { label: withoutPadding(info.label), serial: withoutPadding(info.serialNumber) };
  }
  mechanisms(slot: Handle): ReadonlySet<number> {
    return new Set(this.call('C_GetMechanismList', () => this.lease.lib.C_GetMechanismList(slot)));
  }
  openSession(slot: Handle, readWrite: boolean): Handle {
    return this.call('C_OpenSession', () => this.lease.lib.C_OpenSession(slot, CKF_SERIAL_SESSION | (readWrite ? CKF_RW_SESSION : 0)));
  }
  closeSession(session: Handle): void {
    this.call('C_CloseSession', () => this.lease.lib.C_CloseSession(session));
  }
  sessionState(session: Handle): number {
    return this.call('C_GetSessionInfo', () => this.lease.lib.C_GetSessionInfo(session)).state;
  }
  login(session: Handle, pin: string): void {
    this.call('C_Login', () => this.lease.lib.C_Login(session, CKU_USER, pin));
  }

  /** Handles of all objects with these attributes. */
  find(session: Handle, template: readonly Attribute[]): readonly Handle[] {
    this.call('C_FindObjectsInit', () => this.lease.lib.C_FindObjectsInit(session, [...template]));
    const found: Handle[] = [];
    try {
      for (;;) {
        const some = this.call('C_FindObjects', () => this.lease.lib.C_FindObjects(session, FIND_AT_ONCE));
        if (some.length === 0) return found;
        found.push(...some);
      }
    } finally {
      this.call('C_FindObjectsFinal', () => this.lease.lib.C_FindObjectsFinal(session));
    }
  }
  /** Values of an object's attributes in the order asked for. @returns undefined when one of them isn't there or isn't shown */
  attributes(session: Handle, object: Handle, types: readonly number[]): readonly Buffer[] | undefined {
    try {
      const values = this.call('C_GetAttributeValue', () => this.lease.lib.C_GetAttributeValue(session, object, types.map((type) => ({ type }))));
      const buffers = values.map((attribute) => attribute.value).filter((value): value is Buffer => Buffer.isBuffer(value));
      return buffers.length === types.length ? buffers : undefined;
    } catch (error) {
      if (error instanceof CryptokiError && (error.code === CKR.ATTRIBUTE_TYPE_INVALID || error.code === CKR.ATTRIBUTE_SENSITIVE)) return undefined;
      throw error;
    }
  }
  createObject(session: Handle, template: readonly Attribute[]): Handle {
    return this.call('C_CreateObject', () => this.lease.lib.C_CreateObject(session, [...template]));
  }
  destroyObject(session: Handle, object: Handle): void {
    this.call('C_DestroyObject', () => this.lease.lib.C_DestroyObject(session, object));
  }
  generateKeyPair(session: Handle, mechanism: number, publicTemplate: readonly Attribute[], privateTemplate: readonly Attribute[], timeoutMs: number): Pending<void> {
    return this.pending('C_GenerateKeyPair', timeoutMs, 'retryable', [], (done) => {
      this.lease.lib.C_GenerateKeyPair(session, { mechanism }, [...publicTemplate], [...privateTemplate], (error: unknown) => done(error, undefined));
    });
  }

  signInit(session: Handle, mechanism: Mechanism, key: Handle): void {
    this.call('C_SignInit', () => this.lease.lib.C_SignInit(session, mechanism, key));
  }
  /** Exactly one C_Sign: the output buffer is long enough at once. */
  sign(session: Handle, input: Buffer, timeoutMs: number): Pending<Uint8Array> {
    const output = Buffer.alloc(SIGNATURE_BUFFER_BYTES);
    return this.pending('C_Sign', timeoutMs, 'unknown', [input, output], (done) => {
      this.lease.lib.C_Sign(session, input, output, (error: unknown, signature: Buffer | null) => done(error, signature === null ? new Uint8Array() : Uint8Array.from(signature)));
    });
  }
  verifyInit(session: Handle, mechanism: Mechanism, key: Handle): void {
    this.call('C_VerifyInit', () => this.lease.lib.C_VerifyInit(session, mechanism, key));
  }
  verify(session: Handle, input: Buffer, signature: Buffer, timeoutMs: number): Pending<boolean> {
    return this.pending('C_Verify', timeoutMs, 'retryable', [input, signature], (done) => {
      this.lease.lib.C_Verify(session, input, signature, (error: unknown) => {
        const code = error ? toCryptokiError('C_Verify', error).code : 0;
        const invalid = code === CKR.SIGNATURE_INVALID || code === CKR.SIGNATURE_LEN_RANGE;
        done(invalid ? null : error, !error);
      });
    });
  }

  private call<T>(name: string, run: () => T): T {
    const since = performance.now();
    try {
      const value = run();
      this.metrics.call(name, (performance.now() - since) / 1_000, 'ok');
      return value;
    } catch (thrown) {
      throw this.fault(name, since, thrown);
    }
  }

  private fault(name: string, since: number, thrown: unknown): CryptokiError {
    const error = toCryptokiError(name, thrown);
    this.metrics.call(name, (performance.now() - since) / 1_000, error.errorClass);
    this.onFault(error);
    return error;
  }

  private pending<T>(name: string, timeoutMs: number, late: 'unknown' | 'retryable', buffers: readonly Buffer[], start: (done: (error: unknown, value: T) => void) => void): Pending<T> {
    const since = performance.now();
    let hasReturned = (): void => undefined;
    const returned = new Promise<void>((resolve) => (hasReturned = resolve));
    const outcome = new Promise<T>((resolve, reject) => {
      buffersInUse.add(buffers);
      this.lease.entered();
      let given = false;
      const deadline = setTimeout(() => {
        given = true;
        this.metrics.call(name, (performance.now() - since) / 1_000, late);
        reject(new HsmError(late, 'UNAVAILABLE', `${name} did not return within ${timeoutMs} ms`));
      }, timeoutMs);
      const done = (error: unknown, value: T): void => {
        clearTimeout(deadline);
        buffersInUse.delete(buffers);
        this.lease.left();
        hasReturned();
        if (given) return;
        if (error) return reject(this.fault(name, since, error));
        this.metrics.call(name, (performance.now() - since) / 1_000, 'ok');
        resolve(value);
      };
      try {
        start(done);
      } catch (thrown) {
        done(thrown, undefined as never);
      }
    });
    return { outcome, returned };
  }
}

const withoutPadding = (text: string): string => text.replace(/[\0 ]+$/, '');
