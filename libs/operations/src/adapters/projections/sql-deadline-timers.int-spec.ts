import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import type { ReadModelConfig } from '#platform/config/config.js';
import { openProcessTables } from '#platform/read-model/open-read-model.js';
import { ProcessCheckpoints, processCheckpointPart } from '#platform/read-model/process-checkpoints.js';
import { TEST_DATABASES, testReadModel } from '#platform/read-model/testing/test-databases.js';
import type { DeadlineKind } from '../../domain/operation/deadlines.js';
import { deadlineTimersPart, KEEP_DEADLINES, SqlDeadlineTimers } from './sql-deadline-timers.js';

const upTo = (position: bigint): RecordedEvent => ({ id: `e${position}`, stream: 's', revision: 0, position, type: 't', data: {}, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '' } });
const at = (minute: number): string => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`;
interface Timer {
  readonly operationId: string;
  readonly kind: DeadlineKind;
  readonly dueAt: string;
}
const timer = (operationId: string, kind: DeadlineKind, minute: number): Timer => ({ operationId, kind, dueAt: at(minute) });

describe.each(TEST_DATABASES)('timers of deadlines on %s', (kind) => {
  let readModel: ReadModelConfig;
  let dataDir: string;
  let database: ReadModelDatabase;
  let timers: SqlDeadlineTimers;
  const open = async (): Promise<void> => {
    database = await openProcessTables({ readModel, dataDir, parts: [processCheckpointPart, deadlineTimersPart] });
    timers = new SqlDeadlineTimers(database, 'store');
  };
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'countersign-deadlines-'));
    readModel = await testReadModel(kind);
    await open();
  });
  afterEach(async () => {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('are due at their time, oldest first, up to a limit', async () => {
    const [a, b, c, d] = [timer('a', 'review', 3), timer('b', 'reminder', 1), timer('a', 'escalation', 2), timer('d', 'review', 4)];
    await timers.apply({ set: [a, b, c, d], upTo: upTo(1n) });
    expect(await timers.due(at(3), 10)).toEqual([b, c, a]);
    expect(await timers.due(at(3), 2)).toEqual([b, c]);
    expect(await timers.due(at(0), 10)).toEqual([]);
  });

  it('one for each operation and kind: the latest counts, also among those that are set together', async () => {
    await timers.apply({ set: [timer('a', 'review', 1), timer('a', 'reminder', 2)], upTo: upTo(1n) });
    await timers.apply({ set: [timer('a', 'review', 3), timer('a', 'review', 4)], upTo: upTo(2n) });
    expect(await timers.due(at(9), 10)).toEqual([timer('a', 'reminder', 2), timer('a', 'review', 4)]);
  });

  it('are gone when they are done, however often, unless they were set anew since', async () => {
    await timers.apply({ set: [timer('a', 'review', 1), timer('b', 'review', 1)], upTo: upTo(1n) });
    await timers.apply({ set: [timer('b', 'review', 5)], upTo: upTo(2n) });
    for (const one of [timer('a', 'review', 1), timer('a', 'review', 1), timer('b', 'review', 1), timer('b', 'reminder', 5), timer('never set', 'review', 1)]) await timers.done(one);
    expect(await timers.due(at(9), 10)).toEqual([timer('b', 'review', 5)]);
  });

  it('rule 12: lie in one transaction with the checkpoint, over restarts', async () => {
    await timers.apply({ set: [timer('a', 'review', 1)], upTo: upTo(7n) });
    await timers.apply({ set: [], upTo: upTo(8n) });
    await database.close();
    await open();
    expect(await timers.due(at(9), 10)).toEqual([timer('a', 'review', 1)]);
    expect(await new ProcessCheckpoints(database).load(KEEP_DEADLINES)).toEqual({ storeId: 'store', position: '8', eventId: 'e8' });
    const failing = timers.apply({ set: [timer('c', 'review', 1)], upTo: { ...upTo(9n), id: null as unknown as string } });
    await expect(failing).rejects.toThrow(kind === 'SQLite' ? 'SQLITE_CONSTRAINT' : '23502');
    expect(await timers.due(at(9), 10)).toEqual([timer('a', 'review', 1)]);
  });
});
