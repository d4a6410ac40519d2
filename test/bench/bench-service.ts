import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pause } from '#eventing/pause.js';
import { createSoftHsmToken } from '#test/fixtures/softhsm.js';
import type { SoftHsmToken } from '#test/fixtures/softhsm.js';
import { freePort } from '#test/system/listen.js';
import { AUDIENCE, startBenchIssuer } from './bench-issuer.js';
import type { BenchIssuer } from './bench-issuer.js';
import { BenchProcess } from './bench-process.js';

export const KEY = 'bench-es256';
const GROUP = 'release-approvers';
/** More than any row needs. */
const USES = 1_000_000;
/** A read model of some 150,000 events is built before the service is ready. */
const READY_MS = 240_000;
const CALL_MS = 10_000;
const LOOK_MS = 20;

export interface Processes {
  readonly api: number;
  readonly worker: number;
  readonly signer: number;
}
export interface Topology {
  /** Left out: one process for all. */
  readonly processes?: Processes;
  /** Connection strings; left out: embedded. */
  readonly eventStore?: string;
  readonly readModel?: string;
}
interface Part {
  readonly process: BenchProcess;
  readonly kind: 'all' | keyof Processes;
  readonly port: number;
}
interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const KINDS = ['api', 'worker', 'signer'] as const;
const ENTRY: Readonly<Record<Part['kind'], string>> = { all: 'apps/standalone/src/main', api: 'apps/api/src/main', worker: 'apps/worker/src/main', signer: 'apps/signer/src/main' };

/** The service as it is installed: compiled, production profile, SoftHSM2, data on a disk, in one process or in several. */
export class BenchService {
  readonly orderer: string;
  private readonly administrator: string;
  private readonly approvers: readonly string[];

  private constructor(private readonly parts: readonly Part[], private readonly issuer: BenchIssuer) {
    this.orderer = issuer.token('orderer-1', ['orderer']);
    this.administrator = issuer.token('admin-1', ['administrator']);
    this.approvers = ['approver-1', 'approver-2'].map((subject) => issuer.token(subject, ['approver'], [GROUP]));
  }

  /** Started, with an ES256 key that asks for two approvers. @param dir an empty folder, or one whose `data` holds events */
  static async start(dir: string, sessions: number, topology: Topology = {}): Promise<BenchService> {
    mkdirSync(dir, { recursive: true });
    const issuer = await startBenchIssuer();
    const token = createSoftHsmToken(join(dir, 'hsm'));
    const { processes } = topology;
    const named = processes === undefined ? [{ name: 'countersign', kind: 'all' as const }] : KINDS.flatMap((kind) => Array.from({ length: processes[kind] }, (_, i) => ({ name: `${kind}-${i + 1}`, kind })));
    const parts = await Promise.all(named.map(async ({ name, kind }): Promise<Part> => {
      const port = await freePort();
      const file = join(dir, `${name}.yaml`);
      writeFileSync(file, JSON.stringify(configuration({ dir, name, kind, port, sessions, token, topology, issuer: issuer.url })));
      const env = { ...process.env, ...token.env, COUNTERSIGN_CONFIG: file, UV_THREADPOOL_SIZE: String(sessions + 4) };
      return { kind, port, process: new BenchProcess({ name, entry: ENTRY[kind], env, log: join(dir, `${name}.log`) }) };
    }));
    const service = new BenchService(parts, issuer);
    try {
      await service.up();
      const policy = { type: 'approvers', count: 2, group: GROUP, role: 'approver' };
      const made = await service.call('POST', '/v1/keys', service.administrator, { keyId: KEY, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: policy });
      if (made.status !== 201) throw new Error(`the key was not made: ${made.status}`);
      return service;
    } catch (error) {
      await service.close();
      throw error;
    }
  }

  /** Of an api: the first unless told. */
  get port(): number {
    return this.ports[0] ?? 0;
  }
  get ports(): readonly number[] {
    return this.parts.filter(({ kind }) => kind === 'all' || kind === 'api').map(({ port }) => port);
  }
  get processes(): readonly BenchProcess[] {
    return this.parts.map(({ process }) => process);
  }
  /** A bearer token of an hour. */
  token(subject: string, roles: readonly string[], groups: readonly string[] = []): string {
    return this.issuer.token(subject, roles, groups);
  }

  /** Ids of new operations with uses for all rows, requested by one and approved by two people. */
  async operations(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const { operationId, requestDigest } = await this.request();
      for (const approver of this.approvers) {
        const decided = await this.call('POST', `/v1/operations/${operationId}/decisions`, approver, { decision: 'approve', requestDigest });
        if (decided.status !== 201) throw new Error(`an approval was answered with ${decided.status}`);
      }
      ids.push(operationId);
    }
    return ids;
  }

  /** A new operation that nobody approved yet. */
  async request(): Promise<{ readonly operationId: string; readonly requestDigest: string }> {
    const asked = await this.call('POST', '/v1/operations', this.orderer, { keyUsages: [{ keyId: KEY, maxUsageCount: USES }], description: 'Release 4.2.0 of the pump controller', approverContext: 'Build 8123, tests green', validMs: 86_400_000 });
    const { operationId, requestDigest } = asked.body;
    if (typeof operationId !== 'string' || typeof requestDigest !== 'string') throw new Error(`an operation was answered with ${asked.status}`);
    return { operationId, requestDigest };
  }

  /** @returns milliseconds that one order of one digest took */
  async order(operationId: string): Promise<number> {
    const digest = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
    const since = performance.now();
    const { status, body } = await this.call('POST', `/v1/operations/${operationId}/sign-orders`, this.orderer, { keyId: KEY, digests: [digest], digestAlgorithm: 'SHA-256' });
    if (status !== 201 || body['state'] !== 'completed') throw new Error(`an order was answered with ${status} ${String(body['state'] ?? body['code'])}`);
    return performance.now() - since;
  }

  /** Ids of what the orderer's list of operations begins with, newest first. */
  async newest(limit: number): Promise<readonly string[]> {
    const { status, body } = await this.call('GET', `/v1/operations?limit=${limit}`, this.orderer);
    if (status !== 200) throw new Error(`a list was answered with ${status}`);
    return (body['items'] as readonly { readonly operationId: string }[]).map(({ operationId }) => operationId);
  }

  /** How many operations a page of an approver's queue shows. */
  async queued(limit: number): Promise<number> {
    const { status, body } = await this.call('GET', `/v1/approvals/queue?limit=${limit}`, this.approvers[0] ?? '');
    if (status !== 200) throw new Error(`the queue was answered with ${status}`);
    return (body['items'] as readonly unknown[]).length;
  }

  /** The sum of a metric over its labels and over the processes. @param labels as `{lease="read-model"}`: of these alone @param names of processes, all unless told */
  async metric(name: string, { labels, of }: { readonly labels?: string; readonly of?: string } = {}): Promise<number> {
    let sum = 0;
    let found = 0;
    for (const { port, process } of this.parts) {
      if (of !== undefined && process.name !== of) continue;
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(CALL_MS) })).text();
      const lines = text.split('\n').filter((line) => (labels === undefined ? line.startsWith(`${name} `) || line.startsWith(`${name}{`) : line.startsWith(`${name}${labels} `)));
      found += lines.length;
      sum += lines.reduce((part, line) => part + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
    }
    if (found === 0 && labels === undefined) throw new Error(`there is no metric ${name}`);
    return sum;
  }

  /** Bytes of memory that all processes have now, and had at most. */
  memory(): { readonly now: number; readonly peak: number } {
    const all = this.processes.map((process) => process.memory());
    return { now: all.reduce((sum, { now }) => sum + now, 0), peak: all.reduce((sum, { peak }) => sum + peak, 0) };
  }

  /** By SIGTERM. @returns milliseconds from the start until it was ready again */
  async restart(): Promise<number> {
    await this.down();
    const since = performance.now();
    await this.up();
    return performance.now() - since;
  }

  async close(): Promise<void> {
    await this.down();
    this.issuer.close();
  }

  private async up(): Promise<void> {
    for (const { process } of this.parts) process.start();
    for (const { process } of this.parts) await this.ready(process);
  }

  /** Resolves when a process that was started says that it is ready. @throws Error when it ends, or takes too long */
  async ready(process: BenchProcess): Promise<void> {
    const port = this.parts.find((part) => part.process === process)?.port;
    for (const until = performance.now() + READY_MS; ; await pause(LOOK_MS)) {
      process.check();
      const status = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(CALL_MS) }).then(async (r) => (await r.arrayBuffer(), r.status), () => 0);
      if (status === 200) return;
      if (performance.now() > until) throw new Error(`${process.name} was not ready in time`);
    }
  }

  private async down(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.stop()));
  }

  private async call(method: string, path: string, token: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }) };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers, signal: AbortSignal.timeout(6 * CALL_MS), ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
}

interface Configured {
  readonly dir: string;
  readonly name: string;
  readonly kind: Part['kind'];
  readonly port: number;
  readonly sessions: number;
  readonly token: SoftHsmToken;
  readonly topology: Topology;
  readonly issuer: string;
}

/** The token's part is the signer's alone (rule 19). */
function configuration({ dir, name, kind, port, sessions, token, topology: { eventStore = 'embedded', readModel = 'embedded' }, issuer }: Configured): unknown {
  return {
    profile: 'production',
    dataDir: join(dir, 'data'),
    eventStore,
    readModel,
    ...(kind === 'all' || kind === 'api' ? { http: { port, host: '127.0.0.1', publicUrl: `http://127.0.0.1:${port}` } } : {}),
    ...(kind === 'all' || kind === 'signer' ? { hsm: { module: token.module, tokenLabel: token.label, pin: token.pin, sessions } } : {}),
    ...(kind === 'worker' ? { worker: { http: { port } } } : {}),
    ...(kind === 'signer' ? { signer: { name, ledger: join(dir, 'ledger'), http: { port } } } : {}),
    identity: { issuers: [{ issuer, audience: AUDIENCE, jwksUri: `${issuer}/jwks`, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name' }] },
  };
}
