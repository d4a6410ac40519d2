import { atLeast, atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { KEY } from './bench-service.js';
import type { BenchService } from './bench-service.js';
import type { LoadResult } from './keep-alive-load.js';
import { orderLoad } from './order-generator.js';
import type { OrderLoad } from './order-generator.js';

const OPERATIONS = 50;
const CLIENTS = [1, 16, 64] as const;
const MOST_CLIENTS = 64;
const BATCH = 100;
const BATCH_CLIENTS = 16;
const WARM_UP_SECONDS = 5;
const SECONDS = 5;
/** Appends that one order makes: its reservation, `started`, its outcome. */
const APPENDS_PER_ORDER = 3;
/** Latencies are those of the service under its full load, in milliseconds. */
const P99_MS = 50;

export interface OrderRates {
  readonly rows: readonly Row[];
  /** Single orders over all operations, by number of clients. */
  readonly single: ReadonlyMap<number, LoadResult>;
}

/** Sign orders against what HSM, log and HTTP would allow by themselves, each on all cores; here the load generator has its share of the same cores. */
export async function orderRates(service: BenchService, raw: { readonly hsm: number; readonly appends: number }): Promise<OrderRates> {
  const { port, orderer: token } = service;
  const operations = await service.operations(OPERATIONS);
  const run = (load: Partial<OrderLoad>) => orderLoad({ port, token, keyId: KEY, operations, digests: 1, clients: MOST_CLIENTS, seconds: SECONDS, ...load });
  const rows: Row[] = [];
  const single = new Map<number, LoadResult>();

  await run({ seconds: WARM_UP_SECONDS });
  const noOp = await run({ digestAlgorithm: 'SHA-512' });
  const http = noOp.answered / noOp.seconds;
  rows.push(figure('HTTP no-op, 64 clients', http, 'requests/s'));

  for (const over of [OPERATIONS, 1]) {
    for (const clients of CLIENTS) {
      const load = await run({ clients, operations: operations.slice(0, over) });
      if (over === OPERATIONS) single.set(clients, load);
      const rate = load.answered / load.seconds;
      const name = `single orders, ${clients} client${clients === 1 ? '' : 's'}, ${over} operation${over === 1 ? '' : 's'}`;
      const isAimed = clients === MOST_CLIENTS;
      rows.push(
        isAimed ? atLeast(name, rate, 'orders/s', Math.min(raw.appends / APPENDS_PER_ORDER, http, raw.hsm) / 2) : figure(name, rate, 'orders/s'),
        figure(`${name}: p50`, load.p50, 'ms'),
        figure(`${name}: p95`, load.p95, 'ms'),
        isAimed ? atMost(`${name}: p99`, load.p99, 'ms', P99_MS) : figure(`${name}: p99`, load.p99, 'ms'),
      );
    }
  }

  const batches = await run({ digests: BATCH, clients: BATCH_CLIENTS });
  const perSecond = (batches.answered * BATCH) / batches.seconds;
  const name = `orders of ${BATCH} digests, ${BATCH_CLIENTS} clients, ${OPERATIONS} operations`;
  rows.push(atLeast(name, perSecond, 'signatures/s', raw.hsm * 0.6), figure(`${name}: p50`, batches.p50, 'ms'), figure(`${name}: p99`, batches.p99, 'ms'));
  return { rows, single };
}
