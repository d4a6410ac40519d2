import { join } from 'node:path';
import { figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { BenchService, KEY } from './bench-service.js';
import type { Topology } from './bench-service.js';
import type { LoadResult } from './keep-alive-load.js';
import { orderLoad } from './order-generator.js';
import type { OrderLoad } from './order-generator.js';

/** Of single orders; those of the process for all are measured with them as well. */
export const SPLIT_CLIENTS = [1, 16, 64] as const;
const OPERATIONS = 50;
const BATCH = 100;
const BATCH_CLIENTS = 16;
/** Until the code of all processes is compiled: so many orders, or so long. */
const WARM_UP = { orders: 4_000, seconds: 12 };
const SECONDS = 4;
const MEGABYTE = 1_000_000;
const QUANTILES = ['p50', 'p95', 'p99'] as const;

type Single = ReadonlyMap<number, LoadResult>;
interface Measured {
  readonly single: Single;
  readonly batches: LoadResult;
  /** Bytes of each process after the load. */
  readonly memory: readonly { readonly name: string; readonly bytes: number }[];
}

/** An event store and a database of their own. @param name of its folder, different each time */
export type FreshStores = (name: string) => Promise<{ readonly eventStore: string; readonly readModel: string }>;

export interface SplitOptions {
  /** An empty folder on the disk that is to be measured. */
  readonly dir: string;
  readonly sessions: number;
  /** Empty ones on each call, as connection strings. */
  readonly freshStores: FreshStores;
  /** Of one process on embedded stores, where they were measured before in the same run. */
  readonly single: Single | undefined;
  readonly say: (line: string) => void;
}

/**
 * Sign orders through api, worker and signer as processes of their own, beside the same in one process: on embedded stores, and on the same stores, which tells
 * what of the difference is the stores' and what the processes'.
 */
export async function splitRates({ dir, sessions, freshStores, single, say }: SplitOptions): Promise<readonly Row[]> {
  const embedded = single ?? (await measured(join(dir, 'embedded'), sessions, {})).single;
  say('split: one process on the same stores');
  const together = await measured(join(dir, 'together'), sessions, await freshStores('together'));
  say('split: api, worker and signer');
  const split = await measured(join(dir, 'split'), sessions, { processes: { api: 1, worker: 1, signer: 1 }, ...(await freshStores('split')) });
  return [
    ...singleRows('split', split.single),
    ...batchRows('split', split.batches),
    ...split.memory.map(({ name, bytes }) => figure(`split: memory of ${name} after the load (RSS)`, bytes / MEGABYTE, 'MB')),
    ...singleRows('one process on the same stores', together.single),
    ...batchRows('one process on the same stores', together.batches),
    ...addedRows('split and its stores', split.single, embedded),
    ...addedRows('split alone', split.single, together.single),
  ];
}

async function measured(dir: string, sessions: number, topology: Topology): Promise<Measured> {
  const service = await BenchService.start(dir, sessions, topology);
  try {
    const operations = await service.operations(OPERATIONS);
    const run = (load: Partial<OrderLoad>): Promise<LoadResult> => orderLoad({ port: service.port, token: service.orderer, keyId: KEY, operations, digests: 1, clients: 64, seconds: SECONDS, ...load });
    await run(WARM_UP);
    const single = new Map<number, LoadResult>();
    for (const clients of SPLIT_CLIENTS) single.set(clients, await run({ clients }));
    const batches = await run({ digests: BATCH, clients: BATCH_CLIENTS });
    return { single, batches, memory: service.processes.map((process) => ({ name: process.name, bytes: process.memory().now })) };
  } finally {
    await service.close();
  }
}

const clientsOf = (clients: number): string => `${clients} client${clients === 1 ? '' : 's'}`;

const singleRows = (where: string, single: Single): readonly Row[] =>
  [...single].flatMap(([clients, load]) => {
    const name = `${where}: single orders, ${clientsOf(clients)}`;
    return [figure(name, load.answered / load.seconds, 'orders/s'), ...QUANTILES.map((q) => figure(`${name}: ${q}`, load[q], 'ms'))];
  });

function batchRows(where: string, load: LoadResult): readonly Row[] {
  const name = `${where}: orders of ${BATCH} digests, ${clientsOf(BATCH_CLIENTS)}`;
  return [figure(name, (load.answered * BATCH) / load.seconds, 'signatures/s'), ...QUANTILES.map((q) => figure(`${name}: ${q}`, load[q], 'ms'))];
}

/** How much later an answer comes. */
const addedRows = (what: string, split: Single, single: Single): readonly Row[] =>
  [...split].flatMap(([clients, load]) => {
    const before = single.get(clients);
    return before === undefined ? [] : QUANTILES.map((q) => figure(`added by the ${what}, ${clientsOf(clients)}: ${q}`, load[q] - before[q], 'ms'));
  });
