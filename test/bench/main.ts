import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { about, atLeast, atMost, figure, machine, table } from './bench-report.js';
import type { Row } from './bench-report.js';
import { BenchService } from './bench-service.js';
import { startBenchFacade, startBenchPostgres } from './bench-stores.js';
import { contentionRows, embeddedStore, eventStoreDB } from './contention-rates.js';
import { folderOnDisk } from './folder-on-disk.js';
import type { LoadResult } from './keep-alive-load.js';
import { orderCosts } from './order-costs.js';
import { orderRates } from './order-rates.js';
import { queueTimes, seedQueue } from './queue-times.js';
import { measureAppends } from './raw-appends.js';
import { measureHsm } from './raw-hsm.js';
import { measureRebuild } from './replay-rate.js';
import { splitRates } from './split-rates.js';
import type { FreshStores } from './split-rates.js';
import { adapterRates, embeddedRates } from './store-rates.js';
import { takeoverTimes } from './takeover.js';

// `npm run bench [-- --json FILE] [--only SECTION,…]`: everything on this machine in one run. What is missed is said, and no failure.
const SESSIONS = 8;
const REBUILT_EVENTS = 100_000;
const CONTENTION_SECONDS = 3;
const MEGABYTE = 1_000_000;
const AIM = { rssMegabytes: 400, rebuiltPerSecond: { SQLite: 40_000, PostgreSQL: 20_000 } } as const;

if (process.env['UV_THREADPOOL_SIZE'] !== String(SESSIONS + 4)) throw new Error(`UV_THREADPOOL_SIZE must be ${SESSIONS + 4} when this process starts: npm run bench sees to it`);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
/** What is made once, when it is first asked for. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

const where = machine();
const parent = folderOnDisk();
process.env['TMPDIR'] = parent;
const dir = mkdtempSync(join(parent, 'countersign-bench-'));
const rows: Row[] = [];
const add = (...more: readonly Row[]): void => {
  for (const row of more) {
    rows.push(row);
    say(`${row.name}: ${row.value} ${row.unit}${row.met === null ? '' : row.met ? ', as aimed at' : `, aim ${row.aim}`}`);
  }
};
const closing: (() => Promise<void>)[] = [];
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));

const { ESDB_URL: server } = process.env;
const newFacade = async (name: string): Promise<string> => {
  const started = await startBenchFacade(join(dir, `facade-${name}`));
  closing.push(() => started.process.stop());
  return started.url;
};
const facade = once(() => newFacade('raw'));
const postgres = once(async () => {
  const started = await startBenchPostgres();
  closing.push(() => started.stop());
  return started;
});
const database = async (): Promise<string> => (await postgres()).database();
const freshStores: FreshStores = async (name) => ({ eventStore: await newFacade(name), readModel: await database() });

const raw = once(async () => {
  const hsm = (await measureHsm({ ms: 4_000, sessions: SESSIONS, thread: true })).signaturesPerSecond;
  add(figure(`raw HSM, ES256, ${SESSIONS} sessions`, hsm, 'signatures/s'));
  const one = await measureAppends(join(dir, 'appends-1'), 1, 3);
  const many = await measureAppends(join(dir, 'appends-64'), 64, 3);
  add(figure('raw appends, 1 in flight', one.perSecond, 'appends/s'), figure('raw appends, 64 in flight', many.perSecond, 'appends/s'));
  return { hsm, appends: many.perSecond };
});
let single: ReadonlyMap<number, LoadResult> | undefined;

const sections = {
  raw,
  async orders() {
    const limits = await raw();
    const service = await BenchService.start(join(dir, 'service'), SESSIONS);
    try {
      const rates = await orderRates(service, limits);
      single = rates.single;
      add(...rates.rows);
      const memory = service.memory();
      add(...(await orderCosts(service)));
      add(atMost('memory after the load (RSS)', memory.now / MEGABYTE, 'MB', AIM.rssMegabytes), figure('memory at most (peak RSS)', memory.peak / MEGABYTE, 'MB'));
    } finally {
      await service.close();
    }
  },
  async stores() {
    add(...(await embeddedRates(join(dir, 'embedded'))));
    add(...(await adapterRates('the facade', await facade())));
    if (server !== undefined) add(...(await adapterRates('ESDB_URL', server)));
  },
  async split() {
    add(...(await splitRates({ dir: join(dir, 'split'), sessions: SESSIONS, freshStores, single, say })));
  },
  async takeover() {
    add(...(await takeoverTimes({ dir: join(dir, 'takeover'), sessions: SESSIONS, freshStores })));
  },
  async rebuild() {
    const { events, replayPerSecond, rebuildPerSecond, postgresPerSecond = 0 } = await measureRebuild(REBUILT_EVENTS, dir, await database());
    add(
      figure(`replay of ${events} events`, replayPerSecond, 'events/s'),
      atLeast(`rebuild of the read model in SQLite, ${events} events`, rebuildPerSecond, 'events/s', AIM.rebuiltPerSecond.SQLite),
      atLeast(`rebuild of the read model in PostgreSQL, ${events} events`, postgresPerSecond, 'events/s', AIM.rebuiltPerSecond.PostgreSQL),
    );
  },
  async queue() {
    const events = await seedQueue(join(dir, 'queue-events'));
    add(...(await queueTimes('SQLite', join(dir, 'queue-sqlite'), events, 'embedded')));
    add(...(await queueTimes('PostgreSQL', join(dir, 'queue-postgres'), events, await database())));
  },
  async contention() {
    const stores = [await embeddedStore(join(dir, 'contention')), eventStoreDB('the facade', await facade()), ...(server === undefined ? [] : [eventStoreDB('ESDB_URL', server)])];
    for (const store of stores) {
      add(...(await contentionRows(store, CONTENTION_SECONDS)));
      await store.close();
    }
  },
};

type Section = keyof typeof sections;
const isSection = (name: string): name is Section => Object.hasOwn(sections, name);

const { json, only } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } }).values;
const wanted = only === undefined ? Object.keys(sections).filter(isSection) : only.split(',').map((name) => {
  if (!isSection(name)) throw new Error(`there is no section ${name}; there are ${Object.keys(sections).join(', ')}`);
  return name;
});
// What is waited for at the end does not keep the process going by itself.
const going = setInterval(() => undefined, 1_000);
try {
  for (const name of wanted) {
    const began = performance.now();
    await sections[name]();
    say(`${name} took ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
} finally {
  await Promise.all(closing.map((close) => close()));
  clearInterval(going);
}
process.stdout.write(`\n${about(where)}\n\n${table(rows)}\n`);
if (json !== undefined) writeFileSync(json, `${JSON.stringify({ machine: where, rows }, null, 2)}\n`);
