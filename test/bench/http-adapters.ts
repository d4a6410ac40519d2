import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { cpus } from 'node:os';
import { workerEntry } from '#platform/worker-entry.js';
import { TOKEN } from './http-servers.js';
import { keepAliveLoad, requestBytes } from './keep-alive-load.js';

// How many requests a second one process answers: the same authenticated JSON POST through Nest on Express and on Fastify, and through this service's HTTP layer up to a handler that does nothing.
// npm run build && node dist/test/bench/http-adapters.js [seconds] [clients]
const SECONDS = Number(process.argv[2] ?? 5);
const CLIENTS = Number(process.argv[3] ?? 64);
const PATH = '/v1/operations/0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e/sign-orders';
const DIGEST = Buffer.alloc(32, 7).toString('base64');
const order = (digests: number): string => JSON.stringify({ keyId: 'fw-prod', digests: Array.from({ length: digests }, () => DIGEST), digestAlgorithm: 'SHA-256' });

interface Row {
  readonly name: string;
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  readonly p50: number;
  readonly p99: number;
}
type Told = { readonly port: number } | { readonly cpu: NodeJS.CpuUsage };
const told = (server: ChildProcess): Promise<Told> => new Promise((resolve, reject) => server.once('message', (message) => resolve(message as Told)).once('exit', () => reject(new Error('the server ended'))));

async function cpuOf(server: ChildProcess): Promise<number> {
  const answer = told(server);
  server.send('cpu');
  const message = await answer;
  return 'cpu' in message ? message.cpu.user + message.cpu.system : Number.NaN;
}

async function measure(name: string, kind: string, headers: Readonly<Record<string, string>>, body: string): Promise<Row> {
  const server = fork(workerEntry('test/bench/http-servers'), [kind]);
  try {
    const message = await told(server);
    if (!('port' in message)) throw new Error('the server told no port');
    const request = requestBytes(PATH, { Authorization: TOKEN, ...headers }, body);
    await keepAliveLoad(message.port, request, CLIENTS, 2);
    const before = await cpuOf(server);
    const load = await keepAliveLoad(message.port, request, CLIENTS, SECONDS);
    const cpu = (await cpuOf(server)) - before;
    if (load.refused > 0) throw new Error(`${name}: ${load.refused} of ${load.answered} requests were refused`);
    return { name, perSecond: Math.round(load.answered / load.seconds), cpuMicroseconds: Math.round(cpu / load.answered), p50: load.p50, p99: load.p99 };
  } finally {
    server.disconnect();
  }
}

const KEYED = { 'Idempotency-Key': 'bench' };
const rows = [
  await measure('Nest on Express, no-op', 'express', {}, order(1)),
  await measure('Nest on Fastify, no-op', 'fastify', {}, order(1)),
  await measure('Countersign, sign order of 1 digest', 'countersign', {}, order(1)),
  await measure('Countersign, 1 digest, Idempotency-Key', 'countersign', KEYED, order(1)),
  await measure('Countersign, 100 digests, Idempotency-Key', 'countersign', KEYED, order(100)),
];
process.stdout.write(`Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? '?'}, ${CLIENTS} connections, ${SECONDS} s each\n\n| | requests/s | CPU µs each | p50 ms | p99 ms |\n|---|---|---|---|---|\n`);
for (const row of rows) process.stdout.write(`| ${row.name} | ${row.perSecond} | ${row.cpuMicroseconds} | ${row.p50.toFixed(1)} | ${row.p99.toFixed(1)} |\n`);
process.exit(0);
