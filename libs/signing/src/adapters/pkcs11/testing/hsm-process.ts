import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { workerEntry } from '#platform/worker-entry.js';
import { HsmError } from '../../../application/ports/hsm.port.js';
import type { HsmErrorClass, HsmErrorReason, HsmKeyPair, HsmKeyRef, HsmSession, HsmStatus } from '../../../application/ports/hsm.port.js';
import type { AdoptRequest, PairRequest } from '../key-pairs.js';
import type { HostOptions, HostReply } from './hsm-host.js';

const REPLY_TIMEOUT_MS = 60_000;

/**
 * A Pkcs11Hsm in a process of its own: SoftHSM2 reads its configuration from the environment once a process, and such a process can be killed.
 * Runs compiled code, see `workerEntry`.
 */
export class HsmProcess {
  private nextId = 1;
  private readonly waiting = new Map<number, (reply: HostReply) => void>();

  private constructor(readonly child: ChildProcess) {
    child.on('message', (reply: HostReply) => {
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    });
    child.on('exit', () => {
      for (const [id, reply] of this.waiting) reply({ id, errorClass: null, reason: null, message: 'the process ended' });
      this.waiting.clear();
    });
  }

  static start(options: HostOptions, env: Readonly<Record<string, string>>): HsmProcess {
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    return new HsmProcess(fork(workerEntry('libs/signing/src/adapters/pkcs11/testing/hsm-host'), [JSON.stringify(options)], {
      env: { ...inherited, UV_THREADPOOL_SIZE: String(options.sessions + 4), ...env }, serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [],
    }));
  }

  open = (): Promise<void> => this.ask('open');
  close = (): Promise<void> => this.ask('close');
  /** The same of a second Pkcs11Hsm on the main thread, where the first one is on a worker thread. */
  openOnMainThread = (): Promise<void> => this.ask('main.open');
  closeOnMainThread = (): Promise<void> => this.ask('main.close');
  status = (): Promise<HsmStatus> => this.ask('status');
  /** How often each PKCS#11 function ended how, by the metrics: `C_Sign ok` and so on. */
  calls = (): Promise<Readonly<Record<string, number>>> => this.ask('calls');
  findOrCreateKeyPair = (request: PairRequest): Promise<HsmKeyPair> => this.ask('findOrCreateKeyPair', request);
  findKeyPair = (request: AdoptRequest): Promise<HsmKeyPair> => this.ask('findKeyPair', request);
  signMany = (key: HsmKeyRef, count: number, parallel: number): Promise<number> => this.ask('signMany', key, count, parallel);
  secondUser = (key: HsmKeyRef): Promise<number> => this.ask('secondUser', key);
  async acquire(timeoutMs: number): Promise<HsmSession> {
    const id = await this.ask<number>('acquire', timeoutMs);
    return {
      prepare: (key) => this.ask('prepare', id, key),
      sign: (key, input, timely) => this.ask('sign', id, key, input, timely?.() ?? true),
      verify: (key, input, signature) => this.ask('verify', id, key, input, signature),
      release: () => void this.ask('release', id).catch(() => undefined),
    };
  }
  /** Acquires, prepares, signs, releases. */
  async signOnce(key: HsmKeyRef, input: Uint8Array): Promise<Uint8Array> {
    const session = await this.acquire(5_000);
    try {
      await session.prepare(key);
      return await session.sign(key, input);
    } finally {
      session.release();
    }
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }

  private ask<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no reply`)), REPLY_TIMEOUT_MS);
      this.waiting.set(id, (reply) => {
        clearTimeout(timer);
        if ('value' in reply) return resolve(reply.value as T);
        reject(reply.errorClass === null ? new Error(reply.message) : new HsmError(reply.errorClass as HsmErrorClass, reply.reason as HsmErrorReason, reply.message));
      });
      this.child.send({ id, method, args }, (error) => {
        if (error) this.waiting.get(id)?.({ id, errorClass: null, reason: null, message: error.message });
      });
    });
  }
}
