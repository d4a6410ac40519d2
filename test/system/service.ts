import { randomInt } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { ServiceProcess } from './service-process.js';
import type { Ended, Env } from './service-process.js';
import { eventStoreServer, freshDatabase, TESTED } from './stores.js';
import type { EventStoreServer, Stores } from './stores.js';

export type Settings = Readonly<Record<string, unknown>>;
export type { Ended, Env } from './service-process.js';

export interface ServiceOptions {
  /**
   * What stands in front of SoftHSM2: nothing; OpenSC's pkcs11-spy, which reports on the process' standard error; the shim of test/pkcs11-shim;
   * or the spy in front of the shim.
   */
  readonly hsm?: 'plain' | 'spy' | 'shim' | 'spy+shim';
  /** Whether several signers share one token, as they do unless told, or have one each. */
  readonly tokens?: 'one' | 'one-each';
  /** Sessions with the token: 4 unless told. */
  readonly sessions?: number;
  /** Laid over the configuration, depth first. */
  readonly config?: Settings;
  readonly env?: Env;
  /** The program, from the repository's root without extension: the standalone's unless told. */
  readonly entry?: string;
  /** The data folder: one inside the service's own folder unless told. */
  readonly dataDir?: string;
  /** For tests that are about certain stores; the others run on those that the suite is run for. */
  readonly stores?: Partial<Stores>;
  /** How many processes of each kind; left out: one process for all, or one of each where the suite is run so. */
  readonly processes?: Processes;
}
export interface Processes {
  readonly api: number;
  readonly worker: number;
  readonly signer: number;
}
export interface StartOptions {
  /** Resolves when `/readyz` (true, unless told) or only `/healthz` (false) answers 200. */
  readonly ready?: boolean;
  readonly env?: Env;
  /** A program and its arguments to run the service under, such as strace. */
  readonly under?: readonly string[];
  readonly withinMs?: number;
}
const STANDALONE = 'apps/standalone/src/main';
const ONE_OF_EACH: Processes = { api: 1, worker: 1, signer: 1 };
const KINDS = ['api', 'worker', 'signer'] as const;
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
  /** In the order in which they are started; the first one serves `base`. */
  readonly parts: readonly ServiceProcess[];
  private readonly checked = new Map<string, Promise<CheckedClient>>();

  /** @throws what making the token or the shim throws */
  static async create(options: ServiceOptions = {}): Promise<Service> {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-service-'));
    const shim = options.hsm?.includes('shim') === true ? createShim(dir, SOFTHSM_MODULE) : undefined;
    const stores: Stores = { ...TESTED.stores, ...(options.processes === undefined && TESTED.processes === 'one' ? {} : { eventStore: 'esdb', readModel: 'postgres' }), ...options.stores };
    const processes = options.stores?.eventStore === 'embedded' || options.entry !== undefined ? undefined : (options.processes ?? (TESTED.processes === 'several' ? ONE_OF_EACH : undefined));
    // No PIN that stands in a log by chance.
    const tokens = Array.from({ length: options.tokens === 'one-each' ? (processes?.signer ?? 1) : 1 }, (_, i) => createSoftHsmToken(i === 0 ? dir : join(dir, `token-${i + 1}`), { pin: String(randomInt(10 ** 11, 10 ** 12)) }));
    const eventStore = stores.eventStore === 'esdb' ? await eventStoreServer(join(options.dataDir ?? join(dir, 'data'), 'events'), dir) : undefined;
    const urls: Urls = {
      eventStore: eventStore?.url ?? 'embedded',
      readModel: stores.readModel === 'postgres' ? await freshDatabase() : 'embedded',
      ledger: processes !== undefined && processes.signer > 1 ? await freshDatabase({ durable: true }) : join(dir, 'ledger'),
    };
    const ports = await Promise.all(names(processes).map(() => freePort()));
    const service = new Service(options, dir, tokens, shim, await startIssuer(), ports, urls, names(processes), eventStore);
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
    private readonly tokens: readonly SoftHsmToken[],
    private readonly ownShim: Shim | undefined,
    readonly issuer: Issuer,
    /** Of each part. */
    private readonly ports: readonly number[],
    private readonly urls: Urls,
    names: readonly string[],
    /** Where there is one, in a process of its own: it lives on when the service ends. */
    readonly eventStore: EventStoreServer | undefined,
  ) {
    const logs = { cwd: dir, out: join(dir, 'out.log'), err: join(dir, 'err.log') };
    this.parts = names.map((name) => new ServiceProcess(name, { entry: name === ALL ? (options.entry ?? STANDALONE) : `apps/${kindOf(name)}/src/main`, ...logs }));
    for (const { pin } of tokens) this.secrets.add('PIN', pin);
    this.admin = this.as('admin-1', ['administrator']);
    this.admin2 = this.as('admin-2', ['administrator']);
    this.orderer = this.as('orderer-1', ['orderer']);
    this.auditor = this.as('auditor-1', ['auditor']);
    this.approvers = [1, 2, 3].map((n) => this.as(`approver-${n}`, ['approver'], { groups: ['firmware-approvers'] }));
    this.configure(options.config ?? {});
  }

  /** Of the only signer, of all of them, or of the first one. */
  get token(): SoftHsmToken {
    return this.tokenOf('signer-1');
  }
  tokenOf(signer: string): SoftHsmToken {
    const token = this.tokens[Number(/\d+$/.exec(signer)?.[0] ?? 1) - 1] ?? this.tokens[0];
    if (token === undefined) throw new Error('a service has at least one token');
    return token;
  }
  get port(): number {
    return this.ports[0] ?? 0;
  }
  get base(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  /** The base URL of one part: an api's, or where worker and signer tell their health. */
  baseOf(name: string): string {
    return `http://127.0.0.1:${this.ports[this.parts.indexOf(this.part(name))]}`;
  }
  /** One of several processes, such as `signer-2`. */
  part(name: string): ServiceProcess {
    const part = this.parts.find((one) => one.name === name);
    if (part === undefined) throw new Error(`there is no ${name}: ${this.parts.map((one) => one.name).join(', ')}`);
    return part;
  }
  /** Where its rows are: a connection string, or `embedded`. */
  get readModel(): string {
    return this.urls.readModel;
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
    return this.first.pid;
  }
  private get first(): ServiceProcess {
    const [first] = this.parts;
    if (first === undefined) throw new Error('a service has at least one process');
    return first;
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
  as(subject: string, roles: readonly string[], claims: Claims = {}, base = this.base): Client {
    const checked = (): Promise<CheckedClient> => {
      const known = this.checked.get(base) ?? CheckedClient.of(base);
      this.checked.set(base, known);
      return known;
    };
    return new Client(subject, this.issuer.token(subject, roles, claims), checked, this.secrets);
  }

  /** Writes the configuration anew, for the next start. @param over laid over what this harness says, depth first */
  configure(over: Settings): void {
    for (const [i, { name }] of this.parts.entries()) {
      const kind = kindOf(name);
      const port = this.ports[i];
      const settings = {
        profile: 'production',
        http: kind === 'api' || name === ALL ? { port, host: '127.0.0.1', publicUrl: this.base } : {},
        dataDir: this.dataDir,
        eventStore: this.urls.eventStore,
        readModel: this.urls.readModel,
        // Rule 19: the token's part is the signer's alone.
        ...(kind === 'api' || kind === 'worker' ? {} : { hsm: { module: this.module(), tokenLabel: this.tokenOf(name).label, pin: this.tokenOf(name).pin, sessions: this.sessions } }),
        ...(kind === 'worker' ? { worker: { http: { port } } } : {}),
        ...(kind === 'signer' ? { signer: { name, ledger: this.urls.ledger, http: { port } } } : {}),
        identity: { issuers: [{ issuer: this.issuer.url, audience: 'countersign', jwksUri: `${this.issuer.url}/jwks`, displayClaims: ['repository', 'workflow_ref'], rules: [{ match: { repository: 'acme/firmware' }, roles: ['orderer'] }] }] },
      };
      writeFileSync(this.configOf(name), JSON.stringify(merged(settings, over)));
    }
  }
  private configOf(name: string): string {
    return join(this.dir, `${name}.yaml`);
  }
  private get sessions(): number {
    return this.options.sessions ?? 4;
  }

  /** @returns milliseconds until it answered @throws Error when it ended, or did not answer in time */
  async up({ ready = true, env = {}, under = [], withinMs = 30_000 }: StartOptions = {}): Promise<number> {
    const began = performance.now();
    this.spawn(env, under);
    for (;;) {
      if (await this.answers(ready ? '/readyz' : '/healthz')) return performance.now() - began;
      const gone = this.parts.find(({ end }) => end !== null);
      if (gone !== undefined) throw new Error(`${gone.name} ended at its start with ${gone.end}: ${this.tail()}`);
      if (performance.now() - began > withinMs) throw new Error(`the service was not ready in ${withinMs} ms: ${this.tail()}`);
      await sleep(LOOK_MS);
    }
  }

  /** Starts it and waits for its end: for starts that must fail. */
  async upToItsEnd(options: Pick<StartOptions, 'env'> = {}): Promise<Ended> {
    this.spawn(options.env ?? {}, []);
    return this.exit();
  }

  /** Resolves when the process has ended by itself; of several, the first one. */
  exit(): Promise<Ended> {
    return this.first.exit();
  }
  /** SIGKILL to all of it. */
  async kill(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.kill()));
  }
  /** SIGTERM. @returns how it ended, and after how many milliseconds */
  async stop(): Promise<Ended & { readonly ms: number }> {
    const began = performance.now();
    this.signal('SIGTERM');
    const ends = await Promise.all(this.parts.map((part) => part.exit()));
    return { ...(ends.find(({ code }) => code !== 0) ?? { code: 0, signal: null }), ms: performance.now() - began };
  }
  /** SIGSTOP to all of it. */
  pause(): void {
    this.signal('SIGSTOP');
  }
  resume(): void {
    this.signal('SIGCONT');
  }
  /** Starts one of several processes (again). */
  start(name: string, { env = {}, under = [] }: Pick<StartOptions, 'env' | 'under'> = {}): void {
    this.part(name).spawn(this.envOf(name, env), under);
  }

  /** `/readyz` as it is now. */
  async readiness(): Promise<{ readonly status: number; readonly text: string }> {
    const answer = await fetch(`${this.base}/readyz`, { signal: AbortSignal.timeout(10_000) });
    return { status: answer.status, text: await answer.text() };
  }

  /** Ends everything. @throws Error naming the kinds of secrets that stood in a log */
  async close(): Promise<void> {
    Service.open.delete(this);
    this.resume();
    await this.kill();
    this.eventStore?.process.signal('SIGCONT');
    await this.eventStore?.process.kill();
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
    for (const part of this.parts) part.spawn(this.envOf(part.name, env), under);
  }
  private envOf(name: string, env: Env): Env {
    // The spy is not given a file: it flushes one after the call only.
    return {
      COUNTERSIGN_CONFIG: this.configOf(name), UV_THREADPOOL_SIZE: String(this.sessions + 4), PKCS11SPY: this.ownShim?.module ?? this.token.module,
      ...this.tokenOf(name).env, ...this.ownShim?.env, ...this.options.env, ...env,
    };
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
    for (const part of this.parts) part.signal(signal);
  }
  private file(name: string): string {
    const path = join(this.dir, name);
    return existsSync(path) ? readFileSync(path, 'latin1') : '';
  }
  private tail(): string {
    return `${this.log.slice(-1_500)}\n${this.errors.slice(-1_500)}`;
  }
}

/** Connection strings, or `embedded` or a folder. */
interface Urls {
  readonly eventStore: string;
  readonly readModel: string;
  readonly ledger: string;
}
/** The name of the only process, and of its configuration. */
const ALL = 'countersign';
const names = (processes: Processes | undefined): readonly string[] => (processes === undefined ? [ALL] : KINDS.flatMap((kind) => Array.from({ length: processes[kind] }, (_, i) => `${kind}-${i + 1}`)));
const kindOf = (name: string): string => name.replace(/-\d+$/, '');

const isSettings = (value: unknown): value is Settings => typeof value === 'object' && value !== null && !Array.isArray(value);
const merged = (under: Settings, over: Settings): Settings =>
  Object.entries(over).reduce<Settings>((all, [key, value]) => {
    const there = all[key];
    return { ...all, [key]: isSettings(there) && isSettings(value) ? merged(there, value) : value };
  }, under);
