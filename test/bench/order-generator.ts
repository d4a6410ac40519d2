import { randomFillSync, randomUUID } from 'node:crypto';
import { fork } from 'node:child_process';
import { workerEntry } from '#platform/worker-entry.js';
import { keepAliveLoad, requestBytes } from './keep-alive-load.js';
import type { LoadResult } from './keep-alive-load.js';

/** Sign orders from a process of its own, so that the service's threads wait for no generator but only share the cores with it. */
export interface OrderLoad {
  readonly port: number;
  readonly token: string;
  readonly keyId: string;
  /** Orders go to them in turn. */
  readonly operations: readonly string[];
  readonly digests: number;
  readonly clients: number;
  readonly seconds: number;
  /** At most so many orders. */
  readonly orders?: number;
  /** At most so many a second, evenly; left out: as many as the answers allow. */
  readonly perSecond?: number;
  /** `SHA-512` with an ES256 key: refused by the handler with 422, before anything is read or written. */
  readonly digestAlgorithm?: 'SHA-256' | 'SHA-512';
}

const DIGEST_BYTES = 32;

/** Every order with an Idempotency-Key and digests of its own, as clients send them. Each answer is checked: completed, or refused where that is asked for. */
function generate({ port, token, keyId, operations, digests, clients, seconds, orders, perSecond, digestAlgorithm = 'SHA-256' }: OrderLoad): Promise<LoadResult> {
  const pool = Buffer.alloc(DIGEST_BYTES * digests);
  let sent = 0;
  const request = (): Buffer => {
    randomFillSync(pool);
    const list = Array.from({ length: digests }, (_, i) => pool.toString('base64', i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES));
    const operation = operations[sent % operations.length] ?? '';
    sent += 1;
    return requestBytes(`/v1/operations/${operation}/sign-orders`, { Authorization: `Bearer ${token}`, 'Idempotency-Key': randomUUID() }, JSON.stringify({ keyId, digests: list, digestAlgorithm }));
  };
  const expected = digestAlgorithm === 'SHA-256' ? (status: number, body: string): boolean => status === 201 && body.includes('"state":"completed"') : (status: number): boolean => status === 422;
  return keepAliveLoad(port, request, clients, seconds, { expected, ...(orders === undefined ? {} : { requests: orders }), ...(perSecond === undefined ? {} : { perSecond }) });
}

type Told = { readonly result: LoadResult } | { readonly failed: string };

/** Runs a load in a process of its own. @throws Error when it could not be run, or an answer was another one than expected */
export async function orderLoad(load: OrderLoad): Promise<LoadResult> {
  const child = fork(workerEntry('test/bench/order-generator'), ['generate'], { execArgv: [] });
  try {
    const told = await new Promise<Told>((resolve, reject) => {
      child.once('message', (message) => resolve(message as Told)).once('exit', () => reject(new Error('the generator ended'))).once('error', reject);
      child.send(load);
    });
    if ('failed' in told) throw new Error(`the load broke: ${told.failed}`);
    if (told.result.refused > 0) throw new Error(`${told.result.refused} of ${told.result.answered} orders were answered otherwise than they should be, such as ${told.result.example ?? ''}`);
    return told.result;
  } finally {
    child.disconnect();
  }
}

if (process.argv[2] === 'generate' && process.send !== undefined) {
  const tell = (told: Told): void => void process.send?.(told);
  process.once('message', (load) => {
    generate(load as OrderLoad).then((result) => tell({ result }), (error: unknown) => tell({ failed: error instanceof Error ? error.message : String(error) }));
  });
  process.once('disconnect', () => process.exit(0));
}
