import { pause } from '#eventing/pause.js';
import { atMost, figure } from './bench-report.js';
import type { Row } from './bench-report.js';
import { KEY } from './bench-service.js';
import type { BenchService } from './bench-service.js';
import { orderLoad } from './order-generator.js';

const EVENTS_READ = 'countersign_stream_events_read_total';
/** Orders before and after the 10,000th that are timed. */
const AROUND = 100;
const MANY = 10_000 - AROUND / 2;
/** Of each young operation the 6th to 15th order are timed, and so 10 in the middle. */
const YOUNG_FIRST = 6;
const YOUNG_TIMED = 10;
const SETTLED_MS = 1_000;
const MOST_READ = 300;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * What an order costs as its operation grows old: one client, orders to young operations and to one of 10,000 orders in turn, so that
 * whatever else the machine does meets both alike. Then the service is started anew, and the first order of the old operation is timed.
 */
export async function orderCosts(service: BenchService): Promise<readonly Row[]> {
  const { port, orderer: token } = service;
  const [old = '', ...young] = await service.operations(1 + AROUND / YOUNG_TIMED);
  await orderLoad({ port, token, keyId: KEY, operations: [old], digests: 1, clients: 64, seconds: 120, orders: MANY });
  for (const operation of young) for (let i = 1; i < YOUNG_FIRST; i += 1) await service.order(operation);
  await pause(SETTLED_MS);

  const before = await service.metric(EVENTS_READ);
  const tenth: number[] = [];
  const tenThousandth: number[] = [];
  for (const operation of young) {
    for (let i = 0; i < YOUNG_TIMED; i += 1) {
      tenth.push(await service.order(operation));
      tenThousandth.push(await service.order(old));
    }
  }
  await pause(SETTLED_MS);
  const read = ((await service.metric(EVENTS_READ)) - before) / (2 * AROUND);

  const ready = await service.restart();
  const readBefore = await service.metric(EVENTS_READ);
  const first = await service.order(old);
  // Booking the use reads the operation's state too.
  await pause(SETTLED_MS);
  const readAfter = (await service.metric(EVENTS_READ)) - readBefore;
  return [
    figure('10th order of an operation', median(tenth), 'ms'),
    atMost('10,000th order of an operation', median(tenThousandth), 'ms', 1.1 * median(tenth)),
    figure('events read by each of them', read, 'events'),
    figure('restart with these events, until ready', ready, 'ms'),
    figure('first order after it, of the operation of 10,000 orders', first, 'ms'),
    atMost('events read for it, by all parts of the service', readAfter, 'events', MOST_READ),
  ];
}
