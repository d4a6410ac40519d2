import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { Snapshot, SnapshotStore } from '#eventing/snapshot-store.port.js';
import { openSnapshotStore, type SnapshotStoreOptions } from './snapshot-store.js';

let folder: string;
let file: string;
let now = 0;
const opened: { close(): void }[] = [];
const open = (more: Partial<SnapshotStoreOptions> = {}): SnapshotStore & { close(): void } => {
  const store = openSnapshotStore({ file, now: () => now, ...more });
  opened.push(store);
  return store;
};
const snapshotOf = (stream: string, revision = 7, state = '{"uses":1}'): Snapshot => ({ stream, revision, eventId: `event-${revision}`, version: 'v1', state });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshots-'));
  file = join(folder, 'cache', 'snapshots.db');
});
afterEach(async () => {
  for (const store of opened.splice(0)) store.close();
  await rm(folder, { recursive: true });
});

describe('snapshot store', () => {
  it('keeps the last snapshot of each stream over restarts, for its own user alone', async () => {
    const store = open();
    expect(store.load('operation-1')).toBeUndefined();
    store.save(snapshotOf('operation-1', 7));
    store.save(snapshotOf('operation-1', 300, '{"uses":2}'));
    store.save(snapshotOf('operation-2', 5));
    store.close();
    const again = open();
    expect(again.load('operation-1')).toEqual(snapshotOf('operation-1', 300, '{"uses":2}'));
    expect(again.load('operation-2')).toEqual(snapshotOf('operation-2', 5));
    expect((await stat(file)).mode & 0o077).toBe(0);
  });

  it('keeps only the streams saved last', () => {
    const store = open({ maxStreams: 3 });
    for (const n of [1, 2, 3]) store.save(snapshotOf(`operation-${n}`));
    store.save(snapshotOf('operation-1', 8));
    store.save(snapshotOf('operation-4'));
    store.close();
    const fewer = open({ maxStreams: 2 });
    expect([1, 2, 3, 4].map((n) => fewer.load(`operation-${n}`)?.revision)).toEqual([8, undefined, 7, 7]);
    fewer.save(snapshotOf('operation-5'));
    expect([1, 3, 4, 5].map((n) => fewer.load(`operation-${n}`)?.revision)).toEqual([undefined, undefined, 7, 7]);
  });

  it('keeps no state that is too long, nor the older one of that stream', () => {
    const store = open({ maxStateLength: 10 });
    store.save(snapshotOf('operation-1', 1, '1234567890'));
    expect(store.load('operation-1')?.revision).toBe(1);
    store.save(snapshotOf('operation-1', 2, '12345678901'));
    expect(store.load('operation-1')).toBeUndefined();
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['garbage', (path) => writeFile(path, Buffer.alloc(20_000, 'garbage'))],
    ['empty', (path) => writeFile(path, '')],
    ['of another version', (path) => Promise.resolve(new Sqlite(path)).then((db) => (db.pragma('user_version = 77'), db.close()))],
    ['half of it overwritten', async (path) => {
      const bytes = await readFile(path);
      await writeFile(path, bytes.fill(0xff, 4_096));
    }],
  ])('makes a file anew that is %s', async (_what, damage) => {
    const store = open();
    store.save(snapshotOf('operation-1'));
    store.close();
    await damage(file);
    const again = open();
    expect(again.load('operation-1')).toBeUndefined();
    again.save(snapshotOf('operation-2'));
    again.save(snapshotOf('operation-2', 9));
    expect(again.load('operation-2')?.revision).toBe(9);
    again.close();
    expect(open().load('operation-2')?.revision).toBe(9);
  });

  it('rule 21: does not hand out a state that was changed in the file', () => {
    const store = open();
    store.save(snapshotOf('operation-1'));
    store.close();
    const db = new Sqlite(file);
    db.prepare(`UPDATE snapshots SET state = '{"uses":0}'`).run();
    db.close();
    expect(open().load('operation-1')).toBeUndefined();
  });

  it('leaves a file alone that another one has open, and takes it over later', () => {
    const first = open();
    first.save(snapshotOf('operation-1'));
    const second = open();
    second.save(snapshotOf('operation-2'));
    expect(second.load('operation-1')).toBeUndefined();
    first.close();
    expect(second.load('operation-1')).toBeUndefined();
    now += 10_000;
    expect(second.load('operation-1')?.revision).toBe(7);
    expect(second.load('operation-2')).toBeUndefined();
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a file is in the place of its folder', () => writeFile(join(folder, 'cache'), '')],
    ['a folder is in the place of the file', () => mkdir(file, { recursive: true })],
  ])('does nothing where %s, and after it is closed', async (_what, prepare) => {
    await prepare();
    const store = open();
    store.save(snapshotOf('operation-1'));
    expect(store.load('operation-1')).toBeUndefined();
    store.close();
    now += 10_000;
    store.save(snapshotOf('operation-1'));
    expect(store.load('operation-1')).toBeUndefined();
  });

  // Needs root, as the other suites of full disks do.
  it('saves nothing while the disk is full, keeps what it has, and saves again later', async () => {
    const mounted = join(folder, 'cache');
    await mkdir(mounted);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted]);
    try {
      const store = open();
      store.save(snapshotOf('operation-1'));
      await expect(writeFile(join(mounted, 'filler'), Buffer.alloc(2 * 1024 * 1024))).rejects.toMatchObject({ code: 'ENOSPC' });
      const long = JSON.stringify('x'.repeat(50_000));
      for (const n of [2, 3, 4]) store.save(snapshotOf(`operation-${n}`, 7, long));
      expect(store.load('operation-4')).toBeUndefined();
      expect(store.load('operation-1')?.revision).toBe(7);
      await rm(join(mounted, 'filler'));
      store.save(snapshotOf('operation-4', 7, long));
      expect(store.load('operation-4')?.state).toBe(long);
      store.close();
    } finally {
      execFileSync('umount', [mounted]);
    }
  });
});
