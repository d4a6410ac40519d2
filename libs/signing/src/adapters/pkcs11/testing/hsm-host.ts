// The program that HsmProcess starts: a Pkcs11Hsm, on the main thread or on a worker thread, driven by messages.
import { createHash, randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { HsmError } from '../../../application/ports/hsm.port.js';
import type { HsmKeyRef, HsmSession } from '../../../application/ports/hsm.port.js';
import { Pkcs11Hsm } from '../pkcs11-hsm.js';
import type { AdoptRequest, PairRequest } from '../key-pairs.js';

export interface HostOptions {
  readonly module: string;
  readonly tokenLabel: string;
  readonly pin: string;
  readonly sessions: number;
  readonly thread: boolean;
  /** File that remembers refused PINs. */
  readonly failedPinsFile: string;
  readonly signTimeoutMs?: number;
  readonly generateTimeoutMs?: number;
  readonly probeMs?: number;
  readonly reopenMs?: { readonly first: number; readonly last: number };
}
export interface HostRequest {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
}
export type HostReply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly errorClass: string | null; readonly reason: string | null; readonly message: string };

function serve(options: HostOptions, reply: (message: HostReply) => void): (request: HostRequest) => void {
  const hash = (pin: string): string => createHash('sha256').update(`test ${pin}`).digest('hex');
  const calls = new Map<string, number>();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const { thread: _thread, failedPinsFile, ...config } = options;
  const create = (): Pkcs11Hsm =>
    new Pkcs11Hsm({
      ...config, log,
      metrics: { call: (name, _seconds, outcome) => void calls.set(`${name} ${outcome}`, (calls.get(`${name} ${outcome}`) ?? 0) + 1) },
      failedPins: {
        isFailed: (pin) => Promise.resolve(existsSync(failedPinsFile) && readFileSync(failedPinsFile, 'utf8').includes(hash(pin))),
        remember: (pin) => Promise.resolve(appendFileSync(failedPinsFile, `${hash(pin)}\n`)),
      },
    });
  const hsm = create();
  const others: Pkcs11Hsm[] = [];
  const sessions = new Map<number, HsmSession>();
  let nextSession = 1;
  const session = (id: unknown): HsmSession => {
    const found = sessions.get(Number(id));
    if (found === undefined) throw new TypeError(`no session ${String(id)}`);
    return found;
  };
  const methods: Readonly<Record<string, (...args: readonly never[]) => unknown>> = {
    open: () => hsm.open(),
    status: () => hsm.status(),
    close: () => hsm.close(),
    calls: () => Object.fromEntries(calls),
    findOrCreateKeyPair: (request: PairRequest) => hsm.findOrCreateKeyPair(request),
    findKeyPair: (request: AdoptRequest) => hsm.findKeyPair(request),
    acquire: async (timeoutMs: number) => {
      sessions.set(nextSession, await hsm.acquire(timeoutMs));
      return nextSession++;
    },
    prepare: (id: number, key: HsmKeyRef) => session(id).prepare(key),
    sign: (id: number, key: HsmKeyRef, input: Uint8Array, timely: boolean) => session(id).sign(key, input, () => timely),
    verify: (id: number, key: HsmKeyRef, input: Uint8Array, signature: Uint8Array) => session(id).verify(key, input, signature),
    release: (id: number) => session(id).release(),
    /** Many signatures at once; answers how many verify. */
    signMany: async (key: HsmKeyRef, count: number, parallel: number) => {
      let left = count;
      let good = 0;
      await Promise.all(Array.from({ length: parallel }, async () => {
        while (left-- > 0) {
          const lent = await hsm.acquire(10_000);
          const digest = randomBytes(32);
          await lent.prepare(key);
          if (await lent.verify(key, digest, await lent.sign(key, digest))) good++;
          lent.release();
        }
      }));
      return good;
    },
    /** A second user of the same module in this process; signs once, closes; then the first one must go on. */
    secondUser: async (key: HsmKeyRef) => {
      const other = create();
      others.push(other);
      await other.open();
      const lent = await other.acquire(1_000);
      const signature = await lent.sign(key, randomBytes(32));
      lent.release();
      await other.close();
      return signature.length;
    },
  };
  return (request) => {
    const run = (): unknown => methods[request.method]?.(...(request.args as readonly never[]));
    Promise.resolve().then(run).then(
      (value) => reply({ id: request.id, value }),
      (error: unknown) => {
        const known = error instanceof HsmError ? error : null;
        reply({ id: request.id, errorClass: known?.errorClass ?? null, reason: known?.reason ?? null, message: error instanceof Error ? error.message : String(error) });
      },
    );
  };
}

if (isMainThread && process.send !== undefined) {
  const options = JSON.parse(process.argv[2] ?? '') as HostOptions;
  const send = (message: HostReply): void => void process.send?.(message);
  if (options.thread) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: options });
    worker.on('message', send);
    const onMainThread = serve(options, send);
    process.on('message', (request: HostRequest) => {
      if (request.method.startsWith('main.')) onMainThread({ ...request, method: request.method.slice(5) });
      else worker.postMessage(request);
    });
  } else {
    process.on('message', serve(options, send));
  }
  process.on('disconnect', () => process.exit(0));
} else if (parentPort !== null) {
  const port = parentPort;
  port.on('message', serve(workerData as HostOptions, (message) => port.postMessage(message)));
}
