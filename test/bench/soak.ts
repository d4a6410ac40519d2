import { parseArgs } from 'node:util';
import { pause } from '#eventing/pause.js';
import { figure } from './bench-report.js';
import { BenchRun, say, SESSIONS } from './bench-run.js';
import { BenchService, KEY } from './bench-service.js';
import type { LoadResult } from './keep-alive-load.js';
import { orderLoad } from './order-generator.js';
import { growthRows, heldBy } from './process-watch.js';

// `npm run soak [-- --json FILE]`: half of what the processes can do, for ten minutes. SOAK_SECONDS: another time. What they hold at its start and end is the result.
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600);
const PROCESSES = { api: 2, worker: 2, signer: 1 } as const;
const OPERATIONS = 50;
/** Of each api. */
const CLIENTS = 16;
const MEASURED_SECONDS = 10;
/** Before it, until the code of all processes is compiled. */
const COMPILED_SECONDS = Math.min(15, SECONDS / 2);
/** Caches are full, and heaps as large as the load makes them. */
const WARM_UP_SECONDS = Math.min(120, SECONDS / 2);
const LOOKED_AT_SECONDS = Math.min(20, SECONDS / 4);
/** Beside the orders: an operation that two people approve, a list and a queue, every so many ms. */
const PEOPLE_EVERY_MS = 2_000;
const PAGE = 20;
/** Before the generators end of themselves, which start and finish a little apart. */
const SPARE_SECONDS = 2;

if (!(SECONDS >= 4)) throw new Error('SOAK_SECONDS: must be at least 4');
const { json } = parseArgs({ options: { json: { type: 'string' } } }).values;

async function load(service: BenchService, operations: readonly string[], seconds: number, perSecond?: number): Promise<readonly LoadResult[]> {
  const { ports, orderer: token } = service;
  const shared = perSecond === undefined ? {} : { perSecond: perSecond / ports.length };
  return Promise.all(ports.map((port) => orderLoad({ port, token, keyId: KEY, operations, digests: 1, clients: CLIENTS, seconds, ...shared })));
}
const rateOf = (loads: readonly LoadResult[]): number => loads.reduce((sum, { answered, seconds }) => sum + answered / seconds, 0);

/** What people do meanwhile. @returns how many operations were made */
async function people(service: BenchService, signal: AbortSignal): Promise<number> {
  let made = 0;
  for (; !signal.aborted; made += 1) {
    await service.operations(1);
    await service.newest(PAGE);
    await service.queued(PAGE);
    await pause(PEOPLE_EVERY_MS, signal);
  }
  return made;
}

await BenchRun.of(json, async (run) => {
  const facade = await run.facade('soak');
  const service = await BenchService.start(run.path('soak'), SESSIONS, { processes: PROCESSES, eventStore: facade.url, readModel: await run.database() });
  const done = new AbortController();
  try {
    const operations = await service.operations(OPERATIONS);
    await load(service, operations, COMPILED_SECONDS);
    const most = rateOf(await load(service, operations, MEASURED_SECONDS));
    run.add(figure('single orders at most', most, 'orders/s'));

    const all = [...service.processes, facade.process];
    const loaded = load(service, operations, WARM_UP_SECONDS + SECONDS + SPARE_SECONDS, most / 2);
    const busy = people(service, done.signal);
    const watched = (async () => {
      await pause(WARM_UP_SECONDS * 1_000);
      const start = await heldBy(all, LOOKED_AT_SECONDS);
      say(`warm after ${WARM_UP_SECONDS} s; the end is looked at in ${SECONDS - 2 * LOOKED_AT_SECONDS} s`);
      await pause((SECONDS - 2 * LOOKED_AT_SECONDS) * 1_000);
      return { start, end: await heldBy(all, LOOKED_AT_SECONDS) };
    })();
    const [loads, { start, end }] = await Promise.all([loaded.finally(() => done.abort()), watched, busy]);
    run.add(
      figure('soak', SECONDS, 's'),
      figure('single orders during it', rateOf(loads), 'orders/s'),
      figure('single orders during it: p50, the slower api', Math.max(...loads.map(({ p50 }) => p50)), 'ms'),
      figure('single orders during it: p99, the slower api', Math.max(...loads.map(({ p99 }) => p99)), 'ms'),
      figure('operations made and approved beside', await busy, 'operations'),
      // The facade is a tool of tests, which remembers what it was told.
      ...growthRows(start, end, service.processes.map(({ name }) => name)),
    );
  } finally {
    done.abort();
    await service.close();
  }
});
