import { parseArgs } from 'node:util';
import { atLeast, atMost, figure } from './bench-report.js';
import { BenchRun, say, SESSIONS } from './bench-run.js';
import { BenchService } from './bench-service.js';
import { contentionRows, embeddedStore, eventStoreDB } from './contention-rates.js';
import type { LoadResult } from './keep-alive-load.js';
import { orderCosts } from './order-costs.js';
import { orderRates } from './order-rates.js';
import { policyTimes } from './policy-times.js';
import { quorumTimes } from './quorum-proofs.js';
import { queueTimes, seedQueue } from './queue-times.js';
import { measureAppends } from './raw-appends.js';
import { measureHsm } from './raw-hsm.js';
import { measureRebuild } from './replay-rate.js';
import { splitRates } from './split-rates.js';
import type { FreshStores } from './split-rates.js';
import { adapterRates, embeddedRates } from './store-rates.js';
import { takeoverTimes } from './takeover.js';

// `npm run bench [-- --json FILE] [--only SECTION,…]`: everything on this machine in one run. What is missed is said, and no failure.
const REBUILT_EVENTS = 100_000;
const CONTENTION_SECONDS = 3;
const MEGABYTE = 1_000_000;
const AIM = { rssMegabytes: 400, rebuiltPerSecond: { SQLite: 40_000, PostgreSQL: 20_000 } } as const;
const { ESDB_URL: server } = process.env;

/** What is made once, when it is first asked for. */
const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
};

/** In the order of the table; each can be run alone. */
function sectionsOf(run: BenchRun) {
  const facade = once(async () => (await run.facade('raw')).url);
  const freshStores: FreshStores = async (name) => ({ eventStore: (await run.facade(name)).url, readModel: await run.database() });
  const raw = once(async () => {
    const hsm = (await measureHsm({ ms: 4_000, sessions: SESSIONS, thread: true })).signaturesPerSecond;
    run.add(figure(`raw HSM, ES256, ${SESSIONS} sessions`, hsm, 'signatures/s'));
    const one = await measureAppends(run.path('appends-1'), 1, 3);
    const many = await measureAppends(run.path('appends-64'), 64, 3);
    run.add(figure('raw appends, 1 in flight', one.perSecond, 'appends/s'), figure('raw appends, 64 in flight', many.perSecond, 'appends/s'));
    return { hsm, appends: many.perSecond };
  });
  let single: ReadonlyMap<number, LoadResult> | undefined;
  return {
    raw,
    async orders() {
      const limits = await raw();
      const service = await BenchService.start(run.path('service'), SESSIONS);
      try {
        const rates = await orderRates(service, limits);
        single = rates.single;
        run.add(...rates.rows);
        const memory = service.memory();
        run.add(...(await orderCosts(service)));
        run.add(atMost('memory after the load (RSS)', memory.now / MEGABYTE, 'MB', AIM.rssMegabytes), figure('memory at most (peak RSS)', memory.peak / MEGABYTE, 'MB'));
      } finally {
        await service.close();
      }
    },
    async stores() {
      run.add(...(await embeddedRates(run.path('embedded'))));
      run.add(...(await adapterRates('the facade', await facade())));
      if (server !== undefined) run.add(...(await adapterRates('ESDB_URL', server)));
    },
    async split() {
      run.add(...(await splitRates({ dir: run.path('split'), sessions: SESSIONS, freshStores, single, say })));
    },
    async takeover() {
      run.add(...(await takeoverTimes({ dir: run.path('takeover'), sessions: SESSIONS, freshStores })));
    },
    async rebuild() {
      const { events, replayPerSecond, rebuildPerSecond, postgresPerSecond = 0 } = await measureRebuild(REBUILT_EVENTS, run.dir, await run.database());
      run.add(
        figure(`replay of ${events} events`, replayPerSecond, 'events/s'),
        atLeast(`rebuild of the read model in SQLite, ${events} events`, rebuildPerSecond, 'events/s', AIM.rebuiltPerSecond.SQLite),
        atLeast(`rebuild of the read model in PostgreSQL, ${events} events`, postgresPerSecond, 'events/s', AIM.rebuiltPerSecond.PostgreSQL),
      );
    },
    async queue() {
      const events = await seedQueue(run.path('queue-events'));
      run.add(...(await queueTimes('SQLite', run.path('queue-sqlite'), events, 'embedded')));
      run.add(...(await queueTimes('PostgreSQL', run.path('queue-postgres'), events, await run.database())));
    },
    async policies() {
      run.add(...policyTimes());
    },
    async proofs() {
      run.add(...(await quorumTimes()));
    },
    async contention() {
      const stores = [await embeddedStore(run.path('contention')), eventStoreDB('the facade', await facade()), ...(server === undefined ? [] : [eventStoreDB('ESDB_URL', server)])];
      for (const store of stores) {
        run.add(...(await contentionRows(store, CONTENTION_SECONDS)));
        await store.close();
      }
    },
  };
}

const { json, only } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string' } } }).values;
await BenchRun.of(json, async (run) => {
  const sections = new Map<string, () => Promise<unknown>>(Object.entries(sectionsOf(run)));
  for (const name of only?.split(',') ?? sections.keys()) {
    const section = sections.get(name);
    if (section === undefined) throw new Error(`there is no section ${name}; there are ${[...sections.keys()].join(', ')}`);
    const began = performance.now();
    await section();
    say(`${name} took ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  }
});
