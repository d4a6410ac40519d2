import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { refuseSealed } from '#eventing/sealed-store.js';
import { lockDataFolder } from '../data-folder/data-folder.js';
import { Sqlite } from '../sqlite/sqlite.js';
import { systemClock } from '../time/system-clock.js';
import { workerEntry } from '../worker-entry.js';
import { copyStore } from './copy-store.js';
import type { CopiedStore } from './copy-store.js';
import { openForCopy } from './open-for-copy.js';
import type { SilentStore } from './open-for-copy.js';
import { contentOf, eventOf, someHistory, writeHistory } from './testing/random-history.js';

const signal = new AbortController().signal;
const at = (dir: string): Promise<SilentStore> => openForCopy({ kind: 'embedded', dir }, { create: true, signal });

describe('copying an embedded store', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'countersign-copy-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Opens a store, works with it and closes it. */
  const within = async <T>(name: string, work: (opened: SilentStore) => Promise<T>): Promise<T> => {
    const opened = await at(join(folder, name));
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  };
  const copied = (from: string, to: string): Promise<CopiedStore> =>
    within(from, (source) => within(to, (target) => copyStore({ source: source.store, target: target.store, window: target.window, clock: systemClock, signal })));
  const contentIn = (name: string): Promise<readonly object[]> => within(name, ({ store }) => contentOf(store));
  const manyAppends = (appends: number): { stream: number; events: string[] }[] => Array.from({ length: appends }, () => ({ stream: randomInt(6), events: ['x'.repeat(300), 'y'] }));

  it('rule 17: any history there and back again is the same, each time sealed where it was', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(someHistory(25), async (appends) => {
        const [a, b, c] = [`${++n}-a`, `${n}-b`, `${n}-c`];
        await within(a, ({ store }) => writeHistory(store, appends));
        const before = await contentIn(a);
        await copied(a, b);
        await copied(b, c);
        expect(await contentIn(c)).toEqual(before);
        for (const sealed of [a, b]) await within(sealed, ({ store }) => expect(refuseSealed(store)).rejects.toThrow(/sealed/));
        await within(c, ({ store }) => refuseSealed(store));
      }),
      { numRuns: 8 },
    );
  });

  it('killed anywhere and run again it is complete, with one seal', async () => {
    await within('a', ({ store }) => writeHistory(store, manyAppends(4_000)));
    const before = await contentIn('a');
    const run = async (...death: readonly string[]): Promise<unknown> => {
      const child = spawn(process.execPath, [workerEntry('libs/platform/src/store-copy/testing/copying-process'), join(folder, 'a'), join(folder, 'b'), ...death], { stdio: 'inherit' });
      const [code, killed] = (await once(child, 'exit')) as readonly unknown[];
      return killed ?? code;
    };
    expect(await run('copying', '3')).toBe('SIGKILL');
    const partly = (await contentIn('b')).length;
    expect(partly).toBeGreaterThan(0);
    expect(partly).toBeLessThan(before.length);
    await within('a', ({ store }) => refuseSealed(store));
    expect(await run('copying', '2')).toBe('SIGKILL');
    expect((await contentIn('b')).length).toBeGreaterThan(partly);
    expect(await run('verifying', '100')).toBe('SIGKILL');
    await within('a', ({ store }) => expect(refuseSealed(store)).rejects.toThrow());
    expect(await run()).toBe(0);
    expect(await contentIn('b')).toEqual(before);
    expect(await contentIn('a')).toHaveLength(before.length + 1);
  });

  it.each([
    ['data', `UPDATE event SET data = '"z"' WHERE position = (SELECT position FROM event ORDER BY position LIMIT 1 OFFSET 70)`],
    ['metadata', `UPDATE event SET metadata = replace(metadata, 'orderer-1', 'orderer-2') WHERE position = (SELECT position FROM event ORDER BY position LIMIT 1 OFFSET 70)`],
    ['type', `UPDATE event SET type = 'other.v1' WHERE position = (SELECT max(position) FROM event)`],
    ['order', `UPDATE event SET position = position + 1000000 WHERE position = (SELECT position FROM event ORDER BY position LIMIT 1 OFFSET 70)`],
    ['number', `DELETE FROM event WHERE position = (SELECT position FROM event ORDER BY position LIMIT 1 OFFSET 70)`],
  ])('a target whose %s was changed is refused', async (_, change) => {
    await within('a', ({ store }) => writeHistory(store, manyAppends(60)));
    await copied('a', 'b');
    const database = new Sqlite(join(folder, 'b', 'events', 'events.db'));
    database.exec(change);
    database.close();
    await expect(copied('a', 'b')).rejects.toMatchObject({ name: 'CopyRefusedError', reason: 'TARGET_DIFFERS' });
  });

  it('an event of the largest size passes', async () => {
    await within('a', ({ store }) => store.append('operation-large', 'no-stream', [eventOf('x'.repeat(999_000))]));
    await copied('a', 'b');
    expect(await contentIn('b')).toHaveLength(1);
  });

  it('takes the folder of a running service neither as source nor as target, and a missing one not as source', async () => {
    const lock = lockDataFolder(join(folder, 'a'));
    await expect(at(join(folder, 'a'))).rejects.toMatchObject({ reason: 'IN_USE', message: `${join(folder, 'a')} is in use by another process; stop the service first` });
    lock.release();
    await expect(openForCopy({ kind: 'embedded', dir: join(folder, 'none') }, { create: false, signal })).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });

  it('says how fast it is', async () => {
    await within('a', ({ store }) => writeHistory(store, manyAppends(5_000)));
    const { copied: events, copyMs, verifyMs } = await copied('a', 'b');
    process.stdout.write(`copied ${Math.round((events * 1_000) / copyMs)} events/s, verified ${Math.round((events * 1_000) / verifyMs)} events/s\n`);
    expect(events).toBe(10_000);
    // Without windows of many appends it is a fraction of that.
    expect(events / copyMs).toBeGreaterThan(2);
  });
});
