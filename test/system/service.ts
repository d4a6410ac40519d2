import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workerEntry } from '#platform/worker-entry.js';
import { createSoftHsmToken, PKCS11_SPY_MODULE, SOFTHSM_MODULE } from '#test/fixtures/softhsm.js';
import type { SoftHsmToken } from '#test/fixtures/softhsm.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import { createShim } from '#test/pkcs11-shim/pkcs11-shim.js';
import type { Shim } from '#test/pkcs11-shim/pkcs11-shim.js';
import { Client } from './client.js';
import type { Claims, Issuer } from './issuer.js';
import { startIssuer } from './issuer.js';
import { freePort } from './listen.js';
import { Secrets } from './secrets.js';

export type Settings = Readonly<Record<string, unknown>>;
export type Env = Readonly<Record<string, string>>;

export interface ServiceOptions {
  /**
   * What stands in front of SoftHSM2: nothing; OpenSC's pkcs11-spy, which reports on the process' standard error; the shim of test/pkcs11-shim;
   * or the spy in front of the shim.
   */
  readonly hsm?: 'plain' | 'spy' | 'shim' | 'spy+shim';
  /** Sessions with the token: 4 unless told. */
  readonly sessions?: number;
  /** Laid over the configuration, depth first. */
  readonly config?: Settings;
  readonly env?: Env;
  /** The program, from the repository's root without extension: the standalone's unless told. */
  readonly entry?: string;
  /** The data folder: one inside the service's own folder unless told. */
  readonly dataDir?: string;
}
export interface StartOptions {
  /** Resolves when `/readyz` (true, unless told) or only `/healthz` (false) answers 200. */
  readonly ready?: boolean;
  readonly env?: Env;
  /** A program and its arguments to run the service under, such as strace. */
  readonly under?: readonly string[];
  readonly withinMs?: number;
}
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const STANDALONE = 'apps/standalone/src/main';
const LOOK_MS = 25;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * The real, compiled service in a process group of its own, with a data folder, a SoftHSM2 token, an issuer and a port of its own. `npm run build` comes first.
 *
 *     const service = await Service.create({ hsm: 'shim' });
 *     await service.up();            // then kill(), stop(), pause(), resume(), up() again, any number of times
 *     await service.orderer.post('/v1/operations', { … });
 *     await service.close();         // ends it, and fails if a log held a PIN, a token, data or a digest that a client of it sent
 *     afterEach(Service.closeAll);   // the same for those that a failed test left behind
 */
export class Service {
  readonly admin: Client;
  readonly admin2: Client;
  readonly orderer: Client;
  readonly auditor: Client;
  /** Three, of the group `firmware-approvers`. */
  readonly approvers: readonly Client[];
  readonly secrets = new Secrets();
  private static readonly open = new Set<Service>();
  private readonly whenClosed: (() => void)[] = [];
  private process: ChildProcess | undefined;
  private ended: Promise<Ended> | undefined;
  private checked: Promise<CheckedClient> | undefined;

  /** @throws what making the token or the shim throws */
  static async create(options: ServiceOptions = {}): Promise<Service> {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-service-'));
    // No PIN that stands in a log by chance.
    const token = createSoftHsmToken(dir, { pin: String(randomInt(10 ** 11, 10 ** 12)) });
    const shim = options.hsm?.includes('shim') === true ? createShim(dir, SOFTHSM_MODULE) : undefined;
    const service = new Service(options, dir, token, shim, await startIssuer(), await freePort());
    Service.open.add(service);
    return service;
  }

  /** Closes every service that is not closed yet. */
  static readonly closeAll = async (): Promise<void> => {
    for (const service of [...Service.open]) await service.close();
  };

  private constructor(
    private readonly options: ServiceOptions,
    /** Holds everything that is this service's own. */
    readonly dir: string,
    readonly token: SoftHsmToken,
    private readonly ownShim: Shim | undefined,
    readonly issuer: Issuer,
    readonly port: number,
  ) {
    this.secrets.add('PIN', token.pin);
    this.admin = this.as('admin-1', ['administrator']);
    this.admin2 = this.as('admin-2', ['administrator']);
    this.orderer = this.as('orderer-1', ['orderer']);
    this.auditor = this.as('auditor-1', ['auditor']);
    this.approvers = [1, 2, 3].map((n) => this.as(`approver-${n}`, ['approver'], { groups: ['firmware-approvers'] }));
    this.configure(options.config ?? {});
  }

  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  get dataDir(): string {
    return this.options.dataDir ?? join(this.dir, 'data');
  }
  /** Standard output, one JSON line an entry. */
  get log(): string {
    return this.file('out.log');
  }
  /** Standard error: the spy's report as well. */
  get errors(): string {
    return this.file('err.log');
  }
  get pid(): number {
    if (this.process?.pid === undefined) throw new Error('the service does not run');
    return this.process.pid;
  }
  get shim(): Shim {
    if (this.ownShim === undefined) throw new Error('this service has no shim');
    return this.ownShim;
  }
  /** How often the spy saw a function called, over all starts: written before the call, so that one in which the process died counts. */
  spied(functionName: string): number {
    return [...this.errors.matchAll(new RegExp(`^\\d+: ${functionName}$`, 'gm'))].length;
  }

  /** A caller with a good token. */
  as(subject: string, roles: readonly string[], claims: Claims = {}): Client {
    return new Client(subject, this.issuer.token(subject, roles, claims), () => (this.checked ??= CheckedClient.of(this.base)), this.secrets);
  }

  /** Writes the configuration anew, for the next start. @param over laid over what this harness says, depth first */
  configure(over: Settings): void {
    const settings = {
      profile: 'production',
      http: { port: this.port, host: '127.0.0.1', publicUrl: this.base },
      dataDir: this.dataDir,
      hsm: { module: this.module(), tokenLabel: this.token.label, pin: this.token.pin, sessions: this.options.sessions ?? 4 },
      identity: { issuers: [{ issuer: this.issuer.url, audience: 'countersign', jwksUri: `${this.issuer.url}/jwks`, displayClaims: ['repository', 'workflow_ref'], rules: [{ match: { repository: 'acme/firmware' }, roles: ['orderer'] }] }] },
    };
    writeFileSync(join(this.dir, 'countersign.yaml'), JSON.stringify(merged(settings, over)));
  }

  /** @returns milliseconds until it answered @throws Error when it ended, or did not answer in time */
  async up({ ready = true, env = {}, under = [], withinMs = 30_000 }: StartOptions = {}): Promise<number> {
    const began = performance.now();
    this.spawn(env, under);
    for (;;) {
      if (await this.answers(ready ? '/readyz' : '/healthz')) return performance.now() - began;
      const end = this.process?.exitCode ?? this.process?.signalCode ?? null;
      if (end !== null) throw new Error(`the service ended at its start with ${end}: ${this.tail()}`);
      if (performance.now() - began > withinMs) throw new Error(`the service was not ready in ${withinMs} ms: ${this.tail()}`);
      await sleep(LOOK_MS);
    }
  }

  /** Starts it and waits for its end: for starts that must fail. */
  async upToItsEnd(options: Pick<StartOptions, 'env'> = {}): Promise<Ended> {
    this.spawn(options.env ?? {}, []);
    return this.exit();
  }

  /** Resolves when the process has ended by itself. */
  exit(): Promise<Ended> {
    return this.ended ?? Promise.reject(new Error('the service does not run'));
  }
  /** SIGKILL to the whole group. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended;
  }
  /** SIGTERM. @returns how it ended, and after how many milliseconds */
  async stop(): Promise<Ended & { readonly ms: number }> {
    const began = performance.now();
    this.signal('SIGTERM');
    const end = await this.exit();
    return { ...end, ms: performance.now() - began };
  }
  /** SIGSTOP to the whole group. */
  pause(): void {
    this.signal('SIGSTOP');
  }
  resume(): void {
    this.signal('SIGCONT');
  }

  /** `/readyz` as it is now. */
  async readiness(): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.base}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: answer.status, text: await answer.text() };
  }

  /** Ends everything. @throws Error naming the kinds of secrets that stood in a log */
  async close(): Promise<void> {
    Service.open.delete(this);
    if (this.process !== undefined) {
      this.resume();
      await this.kill();
    }
    await this.issuer.close();
    // The spy's own report shows what passes through it: there only lines of the service count.
    const errors = this.options.hsm?.startsWith('spy') === true ? this.errors.split('\n').filter((line) => /^(countersign:|\{|\s+at )/.test(line)).join('\n') : this.errors;
    const found = this.secrets.foundIn(`${this.log}\n${errors}`);
    for (const tidy of this.whenClosed) tidy();
    rmSync(this.dir, { recursive: true, force: true });
    if (found.length > 0) throw new Error(`a log of the service held: ${found.join(', ')}`);
  }

  /** Something to be tidied up after the process has ended. */
  onClose(tidy: () => void): void {
    this.whenClosed.push(tidy);
  }

  private module(): string {
    if (this.options.hsm?.startsWith('spy') === true) return PKCS11_SPY_MODULE;
    return this.ownShim?.module ?? this.token.module;
  }

  private spawn(env: Env, under: readonly string[]): void {
    const [program = process.execPath, ...args] = [...under, process.execPath, workerEntry(this.options.entry ?? STANDALONE)];
    const out = openSync(join(this.dir, 'out.log'), 'a');
    const err = openSync(join(this.dir, 'err.log'), 'a');
    const sessions = this.options.sessions ?? 4;
    const child = spawn(program, args, {
      cwd: this.dir,
      detached: true,
      stdio: ['ignore', out, err],
      // The spy is not given a file: it flushes one after the call only.
      env: {
        PATH: process.env['PATH'] ?? '', COUNTERSIGN_CONFIG: join(this.dir, 'countersign.yaml'), UV_THREADPOOL_SIZE: String(sessions + 4), PKCS11SPY: this.ownShim?.module ?? this.token.module,
        ...this.token.env, ...this.ownShim?.env, ...this.options.env, ...env,
      },
    });
    closeSync(out);
    closeSync(err);
    this.process = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    this.ended.catch(() => undefined);
  }

  private async answers(path: string): Promise<boolean> {
    try {
      const answer = await fetch(this.base + path, { signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.process?.pid === undefined || this.process.exitCode !== null || this.process.signalCode !== null) return;
    process.kill(-this.process.pid, signal);
  }
  private file(name: string): string {
    const path = join(this.dir, name);
    return existsSync(path) ? readFileSync(path, 'latin1') : '';
  }
  private tail(): string {
    return `${this.log.slice(-1_500)}\n${this.errors.slice(-1_500)}`;
  }
}

const isSettings = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value);
const merged = (under: Settings, over: Settings): Settings =>
  Object.entries(over).reduce<Settings>((all, [key, value]) => {
    const there = all[key];
    return { ...all, [key]: isSettings(there) && isSettings(value) ? merged(there, value) : value };
  }, under);
