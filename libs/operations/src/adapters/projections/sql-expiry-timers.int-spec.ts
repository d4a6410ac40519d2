import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import type { ReadModelConfig } from '#platform/config/config.js';
import { openProcessTables } from '#platform/read-model/open-read-model.js';
import { ProcessCheckpoints, processCheckpointPart } from '#platform/read-model/process-checkpoints.js';
import { TEST_DATABASES, testReadModel } from '#platform/read-model/testing/test-databases.js';
import { EXPIRE_OPERATIONS, expiryTimersPart, SqlExpiryTimers } from './sql-expiry-timers.js';

const upTo = (position: bigint): RecordedEvent => ({ id: `e${position}`, stream: 's', revision: 0, position, type: 't', data: {}, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '' } });
const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;

describe.each(TEST_DATABASES)('timers of the expiry on %s', (kind) => {
  let readModel: ReadModelConfig;
  let dataDir: string;
  let database: ReadModelDatabase;
  let timers: SqlExpiryTimers;
  const open = async (): Promise<void> => {
    database = await openProcessTables({ readModel, dataDir, parts: [processCheckpointPart, expiryTimersPart] });
    timers = new SqlExpiryTimers(database, 'store');
  };
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'countersign-timers-'));
    readModel = await testReadModel(kind);
    await open();
  });
  afterEach(async () => {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const set = (...timersSet: readonly [string, number][]): { operationId: string; dueAt: string }[] => timersSet.map(([operationId, minute]) => ({ operationId, dueAt: at(minute) }));

  it('are due at their time, oldest first, up to a limit', async () => {
    await timers.apply({ set: set(['a', 3], ['b', 1], ['c', 2], ['d', 4]), remove: [], upTo: upTo(1n) });
    expect(await timers.due(at(3), 10)).toEqual(['b', 'c', 'a']);
    expect(await timers.due(at(3), 2)).toEqual(['b', 'c']);
    expect(await timers.due(at(0), 10)).toEqual([]);
  });

  it('are gone when they were removed or done, however often', async () => {
    await timers.apply({ set: set(['a', 1], ['b', 1], ['c', 1]), remove: [], upTo: upTo(1n) });
    await timers.apply({ set: [], remove: ['a', 'never set'], upTo: upTo(2n) });
    await timers.apply({ set: [], remove: ['a'], upTo: upTo(2n) });
    await timers.done('b');
    await timers.done('b');
    expect(await timers.due(at(9), 10)).toEqual(['c']);
  });

  it('rule 12: lie in one transaction with the checkpoint, over restarts', async () => {
    await timers.apply({ set: set(['a', 1]), remove: [], upTo: upTo(7n) });
    await timers.apply({ set: set(['a', 1], ['b', 2]), remove: [], upTo: upTo(8n) });
    await database.close();
    await open();
    expect(await timers.due(at(9), 10)).toEqual(['a', 'b']);
    expect(await new ProcessCheckpoints(database).load(EXPIRE_OPERATIONS)).toEqual({ storeId: 'store', position: '8', eventId: 'e8' });
    const failing = timers.apply({ set: set(['c', 1]), remove: [], upTo: { ...upTo(9n), id: null as unknown as string } });
    await expect(failing).rejects.toThrow(kind === 'SQLite' ? 'SQLITE_CONSTRAINT' : '23502');
    expect(await timers.due(at(9), 10)).toEqual(['a', 'b']);
  });
});
