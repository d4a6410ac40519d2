import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { systemActor } from '#kernel/actor.js';
import { lockDataFolder } from '../data-folder/data-folder.js';
import { openEmbeddedLog, restoringFolder } from '../embedded-log/embedded-log.js';
import { mountSmallDisk } from '../embedded-log/testing/temporary-log.js';
import { Sqlite } from '../sqlite/sqlite.js';
import { systemClock } from '../time/system-clock.js';
import { restoreBackup } from './restore-backup.js';
import { takeBackup } from './take-backup.js';
import type { Manifest } from './manifest.js';

const eventOf = (bytes: number): NewEvent => ({ id: randomUUID(), type: 'backed.up.v1', data: randomBytes(bytes / 2).toString('hex'), metadata: { commandId: randomUUID(), actor: systemActor('test'), at: '2026-01-02T03:04:05.678Z' } });
const idsOf = (events: readonly Pick<RecordedEvent, 'id'>[]): readonly string[] => events.map((e) => e.id);

/** The event store of a data folder, held as a service holds it. */
const serving = async (dataDir: string): Promise<{ readonly store: EventStore; readonly stop: () => Promise<void> }> => {
  const lock = lockDataFolder(dataDir);
  try {
    const log = await openEmbeddedLog({ dir: join(dataDir, 'events') });
    return { store: log.store, stop: () => log.close().finally(() => lock.release()) };
  } catch (error) {
    lock.release();
    throw error;
  }
};
const allOf = async (dataDir: string): Promise<readonly RecordedEvent[]> => {
  const { store, stop } = await serving(dataDir);
  return store.readAll({ limit: 1_000_000 }).finally(stop);
};
const fill = async (store: EventStore, streams: number, bytes = 2_000): Promise<void> => {
  for (let n = 0; n < streams; n += 100) await Promise.all(Array.from({ length: Math.min(100, streams - n) }, () => store.append(`s-${randomUUID()}`, 'no-stream', [eventOf(bytes), eventOf(bytes)])));
};

describe('backup and restore', () => {
  let folder: string;
  let dataDir: string;
  let to: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-backup-'));
    [dataDir, to] = [join(folder, 'data'), join(folder, 'backups', 'one')];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const backup = (target = to, signal = new AbortController().signal): Promise<Manifest> => takeBackup({ dataDir, to: target, version: '1.2.3', clock: systemClock, signal });
  const restore = (target: string, from = to): ReturnType<typeof restoreBackup> => restoreBackup({ from, dataDir: target, clock: systemClock });

  it('while events are written: all that was acknowledged before, and a beginning of what came meanwhile', async () => {
    const { store, stop } = await serving(dataDir);
    await fill(store, 3_000);
    const before = await store.readAll({ limit: 1_000_000 });
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 8 }, async () => {
      const stream = `w-${randomUUID()}`;
      for (let head = -1; writing; written += 1) head = (await store.append(stream, head < 0 ? 'no-stream' : head, [eventOf(500), eventOf(500)])).revision;
    });
    const manifest = await backup();
    const during = written;
    writing = false;
    await Promise.all(writers);
    const after = await store.readAll({ limit: 1_000_000 });
    await stop();

    expect(during).toBeGreaterThan(10);
    expect(manifest.events).toBeGreaterThanOrEqual(before.length);
    await restore(join(folder, 'other'));
    const restored = await allOf(join(folder, 'other'));
    expect(restored).toHaveLength(manifest.events);
    // Positions too: it is the same store.
    expect(restored).toEqual(after.slice(0, restored.length));
    expect(manifest).toMatchObject({ format: 'countersign-backup/1', version: '1.2.3', head: { eventId: restored.at(-1)?.id, position: String(restored.at(-1)?.position) } });
  });

  it('of a stopped service, and of an empty store', async () => {
    const first = await serving(dataDir);
    await first.stop();
    expect(await backup()).toMatchObject({ events: 0, head: null });
    const { store, stop } = await serving(dataDir);
    await fill(store, 10);
    const storeId = await store.storeId();
    await stop();
    expect(await backup(join(folder, 'two'))).toMatchObject({ events: 20, storeId });
    expect(readdirSync(join(folder, 'two')).sort()).toEqual(['events.db', 'manifest.json']);
    expect(statSync(join(folder, 'two', 'events.db')).mode & 0o777).toBe(0o600);
    await allOf(dataDir);
  });

  it('in a folder whose path is longer than that of a socket may be', async () => {
    dataDir = join(folder, 'x'.repeat(120), 'data');
    const { store, stop } = await serving(dataDir);
    await fill(store, 5);
    expect(await backup()).toMatchObject({ events: 10 });
    await stop();
  });

  it('one at a time, and not over another one', async () => {
    const { store, stop } = await serving(dataDir);
    await fill(store, 3_000);
    const both = await Promise.allSettled([backup(), backup(join(folder, 'two'))]);
    expect(both.map((b) => b.status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((b) => b.status === 'rejected')).toMatchObject({ reason: { message: 'the running service did not make the copy: another backup is under way' } });
    await expect(backup(both[0]?.status === 'fulfilled' ? to : join(folder, 'two'))).rejects.toMatchObject({ reason: 'NOT_EMPTY' });
    await stop();
  });

  it('who stops it leaves nothing behind, and the next one works', async () => {
    const { store, stop } = await serving(dataDir);
    await fill(store, 5_000);
    const stopping = new AbortController();
    const failed = takeBackup({ dataDir, to, version: '1', clock: systemClock, signal: stopping.signal, advanced: () => stopping.abort() });
    await expect(failed).rejects.toMatchObject({ name: 'BackupRefusedError', reason: 'FAILED' });
    expect(readdirSync(to)).toEqual([]);
    // The log gives the copy up with its next pages.
    const deadline = performance.now() + 5_000;
    for (;;) {
      const done = await backup().then(() => true, () => false);
      if (done) break;
      expect(performance.now()).toBeLessThan(deadline);
    }
    await stop();
  });

  it('a full disk at the target is told, and the log goes on', async () => {
    const disk = mountSmallDisk('1m');
    try {
      const { store, stop } = await serving(dataDir);
      await fill(store, 1_000);
      await expect(backup(join(disk.dir, 'one'))).rejects.toMatchObject({ reason: 'FAILED', message: expect.stringMatching(/full/) as unknown });
      await fill(store, 10);
      expect(await store.readAll({ limit: 10_000 })).toHaveLength(2_020);
      await stop();
    } finally {
      disk.unmount();
    }
  });

  it('the socket takes nothing but the path of a new file', async () => {
    const { stop } = await serving(dataDir);
    const there = join(folder, 'precious');
    writeFileSync(there, 'precious');
    for (const line of ['', 'x', '{}', '{"to":1}', '{"to":"relative.db"}', JSON.stringify({ to: there }), JSON.stringify({ to: join(folder, 'none', 'x.db') })]) {
      const socket = createConnection(join(dataDir, 'events', 'backup.sock'));
      socket.write(`${line}\n`);
      const [answer] = (await once(socket, 'data')) as readonly Buffer[];
      expect(JSON.parse(String(answer))).toEqual({ failed: expect.any(String) as unknown });
      socket.destroy();
    }
    expect(statSync(join(dataDir, 'events', 'backup.sock')).mode & 0o777).toBe(0o600);
    expect(readFileSync(there, 'utf8')).toBe('precious');
    await stop();
    expect(existsSync(join(dataDir, 'events', 'backup.sock'))).toBe(false);
  });

  it('a folder without a store, or a service that does not answer, is told in one line', async () => {
    await expect(backup()).rejects.toMatchObject({ reason: 'NO_STORE' });
    expect(existsSync(dataDir)).toBe(false);
    await (await serving(dataDir)).stop();
    const lock = lockDataFolder(dataDir);
    await expect(backup()).rejects.toMatchObject({ reason: 'FAILED', message: expect.stringMatching(/^the running service does not answer: .+$/) as unknown });
    lock.release();
  });

  describe('restoring', () => {
    let before: readonly string[];
    beforeEach(async () => {
      const { store, stop } = await serving(dataDir);
      await fill(store, 20);
      before = idsOf(await store.readAll({ limit: 1_000 }));
      await backup();
      await fill(store, 20);
      await stop();
    });

    it('brings the events back, keeps the later ones aside, takes away what is made anew and nothing else', async () => {
      const anew = ['read-model.db', 'read-model.db-wal', 'read-model.db-shm', 'processes.db', 'worker-snapshots.db', 'api-snapshots.db', 'signer-signer-1-snapshots.db-wal', 'read-model.db.damaged'];
      const kept = ['ledger', 'softhsm', 'read-model.db.aside', 'notes.db'];
      for (const name of anew) writeFileSync(join(dataDir, name), 'x');
      for (const name of kept) mkdirSync(join(dataDir, name));
      const later = idsOf(await allOf(dataDir));
      const { aside, manifest } = await restore(dataDir);
      expect(manifest.events).toBe(before.length);
      for (const name of anew) expect([name, existsSync(join(dataDir, name))]).toEqual([name, false]);
      for (const name of kept) expect(existsSync(join(dataDir, name))).toBe(true);
      expect(idsOf(await allOf(dataDir))).toEqual(before);
      renameSync(aside ?? '', join(folder, 'aside-events'));
      mkdirSync(join(folder, 'aside'));
      renameSync(join(folder, 'aside-events'), join(folder, 'aside', 'events'));
      expect(idsOf(await allOf(join(folder, 'aside')))).toEqual(later);
    });

    it('not while the service runs', async () => {
      const { store, stop } = await serving(dataDir);
      await expect(restore(dataDir)).rejects.toMatchObject({ reason: 'IN_USE', message: `${dataDir} is in use by another process; stop the service first` });
      expect(await store.readAll({ limit: 1_000 })).toHaveLength(80);
      await stop();
    });

    it('cut off between its two renames, no empty store is begun, and done again it is finished', async () => {
      const events = join(dataDir, 'events');
      mkdirSync(restoringFolder(events));
      renameSync(events, `${events}.aside-before`);
      await expect(serving(dataDir)).rejects.toThrow('a restore was cut off before its end: run it again');
      expect(existsSync(events)).toBe(false);
      expect(await restore(dataDir)).toMatchObject({ aside: undefined });
      expect(existsSync(restoringFolder(events))).toBe(false);
      expect(idsOf(await allOf(dataDir))).toEqual(before);
    });

    it.each<[string, (dir: string) => void]>([
      ['no manifest', (dir) => rmSync(join(dir, 'manifest.json'))],
      ['a manifest that is no JSON', (dir) => writeFileSync(join(dir, 'manifest.json'), '{')],
      ['a manifest of another format', (dir) => edit(dir, (m) => ({ ...m, format: 'countersign-backup/2' }))],
      ['a manifest that names another file', (dir) => edit(dir, (m) => ({ ...m, files: [{ ...m.files[0], name: '../events.db' }] }))],
      ['a manifest with another head', (dir) => edit(dir, (m) => ({ ...m, head: { position: '1', eventId: 'x' } }))],
      ['a manifest with another store', (dir) => edit(dir, (m) => ({ ...m, storeId: 'x' }))],
      ['no file', (dir) => rmSync(join(dir, 'events.db'))],
      ['a file with one bit changed', (dir) => {
        const bytes = readFileSync(join(dir, 'events.db'));
        bytes[bytes.length - 1_000] = (bytes[bytes.length - 1_000] ?? 0) ^ 1;
        writeFileSync(join(dir, 'events.db'), bytes);
      }],
      ['a file with less in it', (dir) => {
        const database = new Sqlite(join(dir, 'events.db'));
        database.exec('DELETE FROM event WHERE position = (SELECT max(position) FROM event)');
        database.close();
      }],
    ])('not with %s, and the events stay as they are', async (_, spoil) => {
      spoil(to);
      await expect(restore(dataDir)).rejects.toMatchObject({ name: 'BackupRefusedError', reason: expect.stringMatching(/^(DAMAGED|NO_BACKUP)$/) as unknown });
      expect(await allOf(dataDir)).toHaveLength(80);
    });
  });
});

const edit = (dir: string, change: (manifest: Manifest) => object): void => {
  const file = join(dir, 'manifest.json');
  writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')) as Manifest)));
};
