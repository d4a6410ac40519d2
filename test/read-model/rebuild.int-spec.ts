import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { allProjections, PROCESS_PARTS, READ_MODEL_PARTS } from '#apps/worker/src/read-model-parts.js';
import { rebuildProjections } from '#apps/worker/src/rebuild.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { keyPairStream, keyStream } from '#keys/contract.js';
import { openEmbeddedLog } from '#platform/embedded-log/embedded-log.js';
import { openProcessTables, openReadModel } from '#platform/read-model/open-read-model.js';
import { ProcessCheckpoints } from '#platform/read-model/process-checkpoints.js';
import { Projector } from '#platform/read-model/projector.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { dumpOf, temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { Dump } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES, testReadModel } from '#platform/read-model/testing/test-databases.js';
import { workerEntry } from '#platform/worker-entry.js';
import { operationHistory } from '#test/bench/operation-history.js';

const readModel = { kind: 'embedded' } as const;

/** Whole histories of operations, with keys and events of other streams between them. */
async function seed(store: EventStore, operations: number): Promise<void> {
  const others = new SeededEvents(store);
  for (let n = 0; n < operations; n += 1) {
    for (const append of operationHistory(n)) await store.append(append.stream, append.expected, append.events);
    const keyId = `key-${n}`;
    const about = { keyId, attempt: 1, requestedAt: '2026-01-01T00:00:00.000Z', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'ab' };
    await others.add(keyStream(keyId), { type: 'keys.registration-requested.v1', data: about });
    await others.add(keyPairStream(String(n)), { type: 'keys.pair-claimed.v1', data: { keyId, publicKeySha256: String(n) } });
    await others.add('clock-main', { type: 'clock.confirmed.v1', data: {} });
    await others.add('later-context', { type: 'later.happened.v7', data: { keyId } });
  }
}
const dumpFile = (dataDir: string): Dump => {
  const sqlite = new Sqlite(join(dataDir, 'read-model.db'), { readonly: true });
  try {
    return dumpOf(sqlite);
  } finally {
    sqlite.close();
  }
};

describe('all projections together', () => {
  it.each(TEST_DATABASES)('rule 12: delivered twice in any cut, and rebuilt, give the same rows (%s)', async (kind) => {
    const store = new MemoryEventStore();
    await seed(store, 12);
    const storeId = await store.storeId();
    const events = await store.readAll({ limit: 1_000_000 });
    const dumps: Dump[] = [];
    for (const batch of [1, 7, 64, 500, 100_000]) {
      const model = await temporaryReadModel(READ_MODEL_PARTS, kind);
      const projector = new Projector(model.database, allProjections());
      for (let i = 0; i < events.length; i += batch) {
        const now: readonly RecordedEvent[] = events.slice(i, i + batch);
        await projector.apply(now, storeId);
        // Once more, with some that lie before it.
        await projector.apply(events.slice(Math.max(0, i - 5), i + batch), storeId);
      }
      dumps.push(await model.dump());
      await rebuildProjections({ store, config: model, signal: new AbortController().signal, output: new PassThrough() });
      dumps.push(await model.dump());
      await model.close();
    }
    const [first, ...others] = dumps;
    for (const dump of others) expect(dump).toEqual(first);
    expect(first?.['audit_event']).toHaveLength(events.length);
    expect(first?.['operation']).toHaveLength(12);
    expect(first?.['sign_order']).toHaveLength(240);
    expect(first?.['signing_key']).toHaveLength(12);
    expect(first?.['parked_event']).toEqual([]);
  });

  it.each(TEST_DATABASES)('rule 12: a rebuild touches nothing of the process managers (%s)', async (kind) => {
    const readModel = await testReadModel(kind);
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-rebuild-'));
    const store = new MemoryEventStore();
    await seed(store, 2);
    const processes = await openProcessTables({ readModel, dataDir, parts: PROCESS_PARTS });
    const checkpoint = { storeId: 's', position: '5', eventId: 'e' };
    await new ProcessCheckpoints(processes).save('settle', checkpoint);
    const { events, parked } = await rebuildProjections({ store, config: { readModel, dataDir }, signal: new AbortController().signal, output: new PassThrough() });
    expect({ events, parked }).toEqual({ events: 2 * 69, parked: 0 });
    expect(await new ProcessCheckpoints(processes).load('settle')).toEqual(checkpoint);
    await processes.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('killed at any moment, they go on to the same rows', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-killed-'));
    const log = await openEmbeddedLog({ dir: dataDir });
    await seed(log.store, 100);
    await log.close();
    let kills = 0;
    for (let done = false; !done; ) {
      const child = spawn(process.execPath, [workerEntry('test/read-model/follow.child'), dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const caughtUp = once(child.stdout, 'data').then(() => 'caught up');
      const killed = new Promise((resolve) => setTimeout(resolve, 250 + kills * 23));
      done = (await Promise.race([caughtUp, killed])) === 'caught up';
      child.kill('SIGKILL');
      await once(child, 'exit');
      if (!done) kills += 1;
    }
    const after = dumpFile(dataDir);
    const again = await openEmbeddedLog({ dir: dataDir });
    await rebuildProjections({ store: again.store, config: { readModel, dataDir }, signal: new AbortController().signal, output: new PassThrough() });
    await again.close();
    expect(dumpFile(dataDir)).toEqual(after);
    expect(after['audit_event']).toHaveLength(6_900);
    expect(kills).toBeGreaterThan(0);
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('a file that got lost is made anew from the beginning', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-lost-'));
    const store = new MemoryEventStore();
    await seed(store, 1);
    const storeId = await store.storeId();
    for (const _ of [1, 2]) {
      const database = await openReadModel({ readModel, dataDir, parts: READ_MODEL_PARTS });
      const projector = new Projector(database, allProjections());
      expect(await projector.resume(store)).toBeUndefined();
      await projector.apply(await store.readAll({ limit: 1_000 }), storeId);
      await database.close();
      expect(dumpFile(dataDir)['operation']).toHaveLength(1);
      rmSync(join(dataDir, 'read-model.db'));
    }
    rmSync(dataDir, { recursive: true, force: true });
  });
});
