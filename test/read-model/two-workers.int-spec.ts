import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { READ_MODEL_PARTS } from '#apps/worker/src/read-model-parts.js';
import { runWorker } from '#apps/worker/src/run-worker.js';
import type { RunningWorker } from '#apps/worker/src/run-worker.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import type { Config } from '#platform/config/config.js';
import type { Log } from '#platform/logging/log.js';
import { followReadModel } from '#platform/read-model/follow-read-model.js';
import { openProcessTables, openReadModel } from '#platform/read-model/open-read-model.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { ProcessCheckpoints, processCheckpointPart } from '#platform/read-model/process-checkpoints.js';
import { Projector } from '#platform/read-model/projector.js';
import { sql } from '#platform/read-model/sql.js';
import { countingPart, countingProjection } from '#platform/read-model/testing/counting.projection.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { dumpReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { testPostgres, testReadModel } from '#platform/read-model/testing/test-databases.js';
import { createMetrics } from '#platform/telemetry/create-metrics.js';
import { workerEntry } from '#platform/worker-entry.js';
import { operationHistory } from '#test/bench/operation-history.js';

const nothing = (): void => undefined;
const ADMINISTRATION: Config['administration'] = { quorum: 1, isQuorumStated: false, sessionMaxMs: 28_800_000 };
const log: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };

async function until(reached: () => boolean | Promise<boolean>, ms: number): Promise<number> {
  const since = performance.now();
  while (!(await reached())) {
    if (performance.now() - since > ms) throw new Error(`not within ${ms} ms`);
    await pause(10);
  }
  return performance.now() - since;
}

describe('several workers on one PostgreSQL', () => {
  let dataDir: string;
  let readModel: Config['readModel'];
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'countersign-workers-'));
    readModel = await testReadModel('PostgreSQL');
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  it('rule 12: never have the effect of an event twice, from the very first on, whoever has it', async () => {
    const store = new MemoryEventStore();
    const seeded = new SeededEvents(store);
    const databases = await Promise.all([1, 2, 3].map(() => openReadModel({ readModel, dataDir, parts: [countingPart] })));
    const stop = new AbortController();
    const told: unknown[] = [];
    const projectors = databases.map((database) => new Projector(database, [countingProjection()], { parked: (event) => told.push(event) }));
    const all = await (async () => {
      for (let i = 0; i < 50; i += 1) await seeded.add(`s${i % 5}`, { type: 'test.added.v1', data: { add: 1 } });
      return seeded.all();
    })();
    const storeId = await store.storeId();
    // The very first one, without a word before.
    await Promise.all(projectors.map((projector) => projector.apply(all, storeId)));
    // None of them empties what another has.
    const following = projectors.map((projector) => followReadModel({ store, projector, signal: stop.signal, failed: (error) => told.push(error) }));
    for (let i = 0; i < 300; i += 1) {
      await seeded.add(`s${i % 5}`, { type: 'test.added.v1', data: { add: 1 } });
      if (i % 20 === 0) await pause(5);
    }
    const head = (await seeded.all()).at(-1)?.position ?? 0n;
    for (const { progress } of projectors) expect(await progress.waitFor(head, 10_000)).toBe(true);
    expect(await databases[0]?.query(sql`SELECT CAST(total AS TEXT) AS total FROM stream_count`)).toEqual(Array.from({ length: 5 }, () => ({ total: '70' })));
    expect(told).toEqual([]);
    stop.abort();
    await Promise.all(following);
    await Promise.all(databases.map((database) => database.close()));
  });

  describe('each subscription has one', () => {
    const store = new MemoryEventStore();
    const settled: string[] = [];
    const start = (name: string): Promise<RunningWorker> => {
      const own = mkdtempSync(join(dataDir, name));
      return runWorker({ config: { dataDir: own, readModel, administration: ADMINISTRATION }, store, log, metrics: createMetrics({ process: false }), settle: (operationId) => (settled.push(`${name} ${operationId}`), Promise.resolve()) });
    };
    const append = async (n: number): Promise<void> => {
      for (const a of operationHistory(n)) await store.append(a.stream, a.expected, a.events);
    };
    const head = async (): Promise<bigint> => ((await store.readAll({ limit: 1, direction: 'backward' }))[0] as RecordedEvent).position;
    const reached = async (worker: RunningWorker, ms = 10_000): Promise<number> => {
      const position = await head();
      return until(() => (worker.state().applied ?? -1n) >= position, ms);
    };

    it('and the others stand by, well; one that stops leaves it at once; they go on when the server was gone', async () => {
      await append(1);
      const first = await start('first');
      await reached(first);
      await until(() => first.state().caughtUp, 5_000);
      const second = await start('second');
      // Of each: the read model, and every process manager.
      await until(() => second.standby().length === 6, 5_000);
      expect([first.standby(), first.fault(), second.fault()]).toEqual([[], undefined, undefined]);
      await append(2);
      // Who stands by knows how far the rows are as well.
      await reached(second);
      const byFirst = (): Set<string> => new Set(settled.filter((s) => s.startsWith('first')).map((s) => s.slice(6)));
      await until(() => byFirst().size === 2, 5_000);
      // Booked, and noted as booked.
      await pause(1_000);

      await first.stop();
      await append(3);
      await until(() => second.standby().length === 0, 3_000);
      await reached(second);
      await until(() => settled.some((s) => s.startsWith('second')), 5_000);
      expect(settled.filter((s) => s.startsWith('second')).some((s) => byFirst().has(s.slice(7)))).toBe(false);

      const server = await testPostgres();
      await server.kill();
      await append(4);
      await until(() => second.fault() !== undefined, 10_000);
      await server.start();
      await reached(second, 20_000);
      await until(() => second.fault() === undefined, 10_000);
      await second.stop();
      const rows = await dumpReadModel(readModel, dataDir);
      expect(rows['operation']).toHaveLength(4);
      expect(rows['parked_event']).toEqual([]);
      expect(rows['audit_event']).toHaveLength((await store.readAll({ limit: 10_000 })).length);
    });
  });

  it('show the rows of another release until those of this one are made', async () => {
    const store = new MemoryEventStore();
    for (let n = 0; n < 50; n += 1) for (const a of operationHistory(n)) await store.append(a.stream, a.expected, a.events);
    const begin = (): Promise<RunningWorker> => runWorker({ config: { dataDir, readModel, administration: ADMINISTRATION }, store, log, metrics: createMetrics({ process: false }), settle: () => Promise.resolve() });
    const head = (await store.readAll({ limit: 1, direction: 'backward' }))[0]?.position ?? 0n;
    const first = await begin();
    await until(() => (first.state().applied ?? -1n) >= head, 10_000);
    await first.stop();
    const before = await dumpReadModel(readModel, dataDir);
    const rows = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS });
    await rows.transaction((tx) => tx.run(sql`UPDATE projection_checkpoint SET layout = 'another'`));
    const second = await begin();
    let fewest = Number.POSITIVE_INFINITY;
    await until(async () => {
      const [found] = await rows.query<{ operations: string }>(sql`SELECT CAST(count(*) AS TEXT) AS operations FROM operation`);
      fewest = Math.min(fewest, Number(found?.operations));
      return (second.state().applied ?? -1n) >= head && second.state().caughtUp;
    }, 15_000);
    expect(fewest).toBe(50);
    await second.stop();
    await rows.close();
    const after = await dumpReadModel(readModel, dataDir);
    // The workers themselves expire what is over.
    for (const name of ['sign_order', 'operation_request', 'operation_key', 'parked_event']) expect(after[name]).toEqual(before[name]);
  });

  describe('a lease', () => {
    let tables: ReadModelDatabase;
    let checkpoints: ProcessCheckpoints;
    const children: ChildProcess[] = [];
    const begin = (): { readonly child: ChildProcess; readonly said: string[] } => {
      const child = spawn(process.execPath, [workerEntry('test/read-model/lease-holder.child'), readModel.kind === 'postgres' ? readModel.url : '', 'counting'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const said: string[] = [];
      child.stdout.on('data', (text: Buffer) => said.push(...text.toString().trim().split('\n')));
      children.push(child);
      return { child, said };
    };
    const standing = async (): Promise<{ readonly holder: string; readonly count: number; readonly fence: bigint }> => {
      const row = await checkpoints.load('counting');
      return { holder: row?.eventId ?? '', count: Number(row?.position ?? 0), fence: BigInt(row?.storeId ?? 0) };
    };
    beforeEach(async () => {
      tables = await openProcessTables({ readModel, dataDir, parts: [processCheckpointPart] });
      checkpoints = new ProcessCheckpoints(tables);
    });
    afterEach(async () => {
      for (const child of children.splice(0)) child.kill('SIGKILL');
      await tables.close();
    });
    const heldBy = (child: ChildProcess) => async (): Promise<boolean> => (await standing()).holder === String(child.pid);

    it.each(['SIGKILL', 'SIGSTOP'] as const)('is another\'s within 10 s after %s of its holder, who counts no more when it wakes up', async (signal) => {
      const first = begin();
      await until(heldBy(first.child), 10_000);
      const second = begin();
      await until(() => second.said.includes('not held'), 5_000);
      first.child.kill(signal);
      const { fence } = await standing();
      expect(await until(heldBy(second.child), 12_000)).toBeLessThan(10_000);
      first.child.kill('SIGCONT');
      const before = await standing();
      expect(before.fence).toBeGreaterThan(fence);
      for (let i = 0; i < 50; i += 1) {
        const now = await standing();
        expect(now.holder).toBe(String(second.child.pid));
        expect(now.count).toBeGreaterThanOrEqual(before.count);
        await pause(20);
      }
      if (signal === 'SIGSTOP') await until(() => first.said.at(-1) === 'not held' || first.said.some((s) => s.startsWith('failed')), 5_000);
    });

    it('is another\'s at once when its holder stops in order', async () => {
      const first = begin();
      await until(heldBy(first.child), 10_000);
      const second = begin();
      await until(() => second.said.includes('not held'), 5_000);
      first.child.kill('SIGTERM');
      expect(await until(heldBy(second.child), 5_000)).toBeLessThan(2_500);
    });
  });
});
