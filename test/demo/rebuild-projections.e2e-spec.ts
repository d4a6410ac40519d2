import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import { startFreshInstance } from '#apps/cli/src/demo/fresh-instance.js';
import type { FreshInstance } from '#apps/cli/src/demo/fresh-instance.js';
import { dumpOf } from '#platform/read-model/testing/temporary-read-model.js';
import { runProgram } from './program.js';
import type { Ended } from './program.js';

const within = <T>(file: string, readonly: boolean, look: (database: Database.Database) => T): T => {
  const database = new Sqlite(file, { readonly, fileMustExist: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
};

const rebuild = (dataDir: string): Promise<Ended> => runProgram('apps/standalone/src/rebuild-projections', [], { COUNTERSIGN_PROFILE: 'development', COUNTERSIGN_DATA_DIR: dataDir });

describe('npm run rebuild-projections', () => {
  let instance: FreshInstance;
  let dataDir: string;
  beforeAll(async () => {
    instance = await startFreshInstance();
    dataDir = join(instance.folder, 'data');
    expect(await runProgram('apps/cli/src/demo/main', ['--url', instance.url])).toMatchObject({ code: 0 });
  });
  afterAll(() => instance.stop(false));

  it('beside a running service: exit 1, in one line', async () => {
    expect(await rebuild(dataDir)).toEqual({ code: 1, out: '', err: `countersign: ${dataDir} is in use by another process; stop the service first\n` });
  });

  it('in a folder without a store: exit 1, in one line, and nothing is made', async () => {
    const folder = join(instance.folder, 'mistyped');
    expect(await rebuild(folder)).toEqual({ code: 1, out: '', err: `countersign: ${folder} holds no event store\n` });
    expect(() => within(join(folder, 'events', 'events.db'), true, () => undefined)).toThrow();
  });

  it('makes the rows that the service had made, and again whatever becomes of them', async () => {
    await instance.stop(true);
    const file = join(dataDir, 'read-model.db');
    const events = within(join(dataDir, 'events', 'events.db'), true, (log) => log.prepare<[], number>('SELECT count(*) FROM event').pluck().get());
    const succeeded = { code: 0, out: expect.stringMatching(new RegExp(`^${events} events in \\d+\\.\\d s, \\d+ a second, 0 parked\\n$`)), err: '' };

    const served = within(file, true, dumpOf);
    expect(served['operation']).toHaveLength(2);
    expect(served['sign_order']).toHaveLength(3);
    expect(await rebuild(dataDir)).toEqual(succeeded);
    const rebuilt = within(file, true, dumpOf);
    // With its end the service appends the refusals that it had counted, about the release: nobody follows any more.
    for (const name of ['sign_order', 'operation_request', 'operation_key', 'operation_decider', 'queue_term', 'signing_key', 'parked_event']) expect(rebuilt[name]).toEqual(served[name]);
    expect(rebuilt['audit_event']).toEqual(expect.arrayContaining([...(served['audit_event'] ?? [])]));
    expect(rebuilt['audit_event']).toHaveLength(events ?? 0);

    within(file, false, (rows) => {
      rows.exec("DELETE FROM sign_order; UPDATE operation SET status = 'rejected'");
    });
    expect(within(file, true, dumpOf)).not.toEqual(rebuilt);
    expect(await rebuild(dataDir)).toEqual(succeeded);
    expect(within(file, true, dumpOf)).toEqual(rebuilt);
  });
});
