import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { workerEntry } from '#platform/worker-entry.js';
import { createSoftHsmToken } from '#test/fixtures/softhsm.js';
import { AUDIENCE, startBenchIssuer } from './bench-issuer.js';
import type { BenchIssuer } from './bench-issuer.js';

export const KEY = 'bench-es256';
const GROUP = 'release-approvers';
/** More than any row needs. */
const USES = 1_000_000;
const READY_MS = 60_000;
const STOP_MS = 15_000;
const LOOK_MS = 20;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The service as it is installed: apps/standalone compiled, production profile, SoftHSM2, data on a disk, a process of its own. */
export class BenchService {
  private process: ChildProcess | undefined;
  readonly orderer: string;
  private readonly administrator: string;
  private readonly approvers: readonly string[];

  private constructor(private readonly dir: string, readonly port: number, private readonly issuer: BenchIssuer, private readonly env: NodeJS.ProcessEnv) {
    this.orderer = issuer.token('orderer-1', ['orderer']);
    this.administrator = issuer.token('admin-1', ['administrator']);
    this.approvers = ['approver-1', 'approver-2'].map((subject) => issuer.token(subject, ['approver'], [GROUP]));
  }

  /** Started, with an ES256 key that asks for two approvers. @param dir an empty folder */
  static async start(dir: string, sessions: number): Promise<BenchService> {
    const issuer = await startBenchIssuer();
    const token = createSoftHsmToken(join(dir, 'hsm'));
    const port = await freePort();
    const file = join(dir, 'countersign.yaml');
    writeFileSync(file, JSON.stringify({
      profile: 'production',
      http: { port, host: '127.0.0.1', publicUrl: `http://127.0.0.1:${port}` },
      dataDir: join(dir, 'data'),
      hsm: { module: token.module, tokenLabel: token.label, pin: token.pin, sessions },
      identity: { issuers: [{ issuer: issuer.url, audience: AUDIENCE, jwksUri: `${issuer.url}/jwks`, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name' }] },
    }));
    const env = { ...process.env, ...token.env, COUNTERSIGN_CONFIG: file, UV_THREADPOOL_SIZE: String(sessions + 4) };
    const service = new BenchService(dir, port, issuer, env);
    await service.up();
    const policy = { type: 'approvers', count: 2, group: GROUP, role: 'approver' };
    const made = await service.call('POST', '/v1/keys', service.administrator, { keyId: KEY, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: policy });
    if (made.status !== 201) throw new Error(`the key was not made: ${made.status}`);
    return service;
  }

  /** Ids of new operations with uses for all rows, requested by one and approved by two people. */
  async operations(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const asked = await this.call('POST', '/v1/operations', this.orderer, { keyUsages: [{ keyId: KEY, maxUsageCount: USES }], description: 'Release 4.2.0 of the pump controller', approverContext: 'Build 8123, tests green', validMs: 86_400_000 });
      const { operationId, requestDigest } = asked.body;
      if (typeof operationId !== 'string') throw new Error(`an operation was answered with ${asked.status}`);
      for (const approver of this.approvers) {
        const decided = await this.call('POST', `/v1/operations/${operationId}/decisions`, approver, { decision: 'approve', requestDigest });
        if (decided.status !== 201) throw new Error(`an approval was answered with ${decided.status}`);
      }
      ids.push(operationId);
    }
    return ids;
  }

  /** @returns milliseconds that one order of one digest took */
  async order(operationId: string): Promise<number> {
    const digest = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64');
    const since = performance.now();
    const { status, body } = await this.call('POST', `/v1/operations/${operationId}/sign-orders`, this.orderer, { keyId: KEY, digests: [digest], digestAlgorithm: 'SHA-256' });
    if (status !== 201 || body['state'] !== 'completed') throw new Error(`an order was answered with ${status} ${String(body['state'] ?? body['code'])}`);
    return performance.now() - since;
  }

  /** The sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (lines.length === 0) throw new Error(`there is no metric ${name}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Bytes of memory the process has now, and had at most (proc(5), VmRSS and VmHWM). */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.process?.pid ?? 'self'}/status`, 'utf8');
    const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
    return { now: of('VmRSS'), peak: of('VmHWM') };
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
    const log = openSync(join(this.dir, 'service.log'), 'a');
    const child = spawn(process.execPath, [workerEntry('apps/standalone/src/main')], { env: this.env, stdio: ['ignore', log, log] });
    this.process = child;
    for (const until = performance.now() + READY_MS; ; await pause(LOOK_MS)) {
      if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}: ${readFileSync(join(this.dir, 'service.log'), 'utf8').slice(-500)}`);
      const status = await fetch(`http://127.0.0.1:${this.port}/readyz`).then((r) => r.status, () => 0);
      if (status === 200) return;
      if (performance.now() > until) throw new Error('the service was not ready in time');
    }
  }

  private async down(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(timer);
  }

  private async call(method: string, path: string, token: string, body: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() };
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { method, headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
