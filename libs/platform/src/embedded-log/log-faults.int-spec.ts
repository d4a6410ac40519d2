import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { idsOf, someEvent, someEvents, someStream } from '#eventing/testing/contract-setup.js';
import { connectEmbeddedLog } from './embedded-log-client.js';
import { openEmbeddedLog } from './embedded-log.js';
import { mountSmallDisk, temporaryFolder } from './testing/temporary-log.js';

const reasonOf = (promise: Promise<unknown>): Promise<unknown> => promise.then(() => undefined, (error: unknown) => error);
const readAll = (store: EventStore, stream: string): Promise<readonly RecordedEvent[]> => store.readStream(stream, { limit: 10_000 });

/** Fills a disk to the last block. */
const fill = (file: string): void => {
  const handle = openSync(file, 'a');
  const { bsize } = statfsSync(file);
  try {
    for (let block = Buffer.alloc(64 * 1024); block.length >= bsize;) {
      try {
        writeSync(handle, block);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        block = block.subarray(0, block.length / 2);
      }
    }
  } finally {
    closeSync(handle);
  }
};

describe('the embedded log on a disk that fails', () => {
  it('rule 11: a full disk at COMMIT refuses appends, keeps what was acknowledged, and recovers without hands', async () => {
    const disk = mountSmallDisk('4m');
    const log = await openEmbeddedLog({ dir: disk.dir });
    try {
      const stream = someStream();
      const before = someEvents(3);
      await log.store.append(stream, 'no-stream', before);
      const delivered: RecordedEvent[] = [];
      const abort = new AbortController();
      const following = (async () => {
        for await (const message of log.store.subscribe({ signal: abort.signal })) if (message.kind === 'events') delivered.push(...message.events);
      })();
      const filler = join(disk.dir, 'filler');
      fill(filler);
      const lost = Array.from({ length: 8 }, () => ({ stream: someStream(), events: [someEvent('x'.repeat(100_000))] }));
      const errors = await Promise.all(lost.map(({ stream: name, events }) => reasonOf(log.store.append(name, 'no-stream', events))));
      for (const error of errors) expect(error).toBeInstanceOf(StoreUnavailableError);
      // Reads go on, and show what was acknowledged and nothing else.
      expect(idsOf(await readAll(log.store, stream))).toEqual(idsOf(before));
      for (const { stream: name } of lost) expect(await readAll(log.store, name)).toEqual([]);
      expect(await reasonOf(log.store.append(stream, 2, [someEvent('y'.repeat(100_000))]))).toBeInstanceOf(StoreUnavailableError);

      rmSync(filler);
      const after = [someEvent('x'.repeat(100_000))];
      expect(await log.store.append(stream, 2, after)).toMatchObject({ revision: 3 });
      for (const { stream: name, events } of lost) expect(await log.store.append(name, 'no-stream', events)).toMatchObject({ revision: 0 });
      const all = idsOf([...before, ...after, ...lost.flatMap(({ events }) => events)]);
      expect(idsOf(await log.store.readAll({ limit: 100 }))).toEqual(all);
      while (delivered.length < all.length) await new Promise((resolve) => setTimeout(resolve, 5));
      abort.abort();
      await following;
      expect(idsOf(delivered)).toEqual(all);
    } finally {
      await log.close();
      disk.unmount();
    }
  });

  it('writes until the disk is full, and has all that was acknowledged after a start with space', async () => {
    const disk = mountSmallDisk('3m');
    const stream = someStream();
    const acknowledged: string[] = [];
    const log = await openEmbeddedLog({ dir: disk.dir });
    let error: unknown;
    while (error === undefined && acknowledged.length < 1_000) {
      const event = someEvent('x'.repeat(20_000));
      error = await reasonOf(log.store.append(stream, acknowledged.length === 0 ? 'no-stream' : acknowledged.length - 1, [event]));
      if (error === undefined) acknowledged.push(event.id);
    }
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(idsOf(await readAll(log.store, stream))).toEqual(acknowledged);
    await log.close();
    execFileSync('mount', ['-o', 'remount,size=8m', disk.dir]);
    const again = await openEmbeddedLog({ dir: disk.dir });
    expect(idsOf(await readAll(again.store, stream))).toEqual(acknowledged);
    expect(await again.store.append(stream, acknowledged.length - 1, [someEvent()])).toMatchObject({ revision: acknowledged.length });
    await again.close();
    disk.unmount();
  });

  it('refuses to start on a read-only folder, and starts once it can be written', async () => {
    const disk = mountSmallDisk('4m');
    const first = await openEmbeddedLog({ dir: disk.dir });
    const stream = someStream();
    await first.store.append(stream, 'no-stream', someEvents(1));
    await first.close();
    execFileSync('mount', ['-o', 'remount,ro', disk.dir]);
    expect(await reasonOf(openEmbeddedLog({ dir: disk.dir }))).toBeInstanceOf(StoreUnavailableError);
    execFileSync('mount', ['-o', 'remount,rw', disk.dir]);
    const log = await openEmbeddedLog({ dir: disk.dir });
    expect(await readAll(log.store, stream)).toHaveLength(1);
    await log.close();
    disk.unmount();
  });

  it('refuses appends while its files can not be written, and recovers without hands', async () => {
    // The files of a log that is open can't be remounted read-only; an immutable file refuses each write, also through an open handle.
    const dir = temporaryFolder();
    const log = await openEmbeddedLog({ dir });
    const stream = someStream();
    const files = ['events.db', 'events.db-wal'].map((name) => join(dir, name));
    await log.store.append(stream, 'no-stream', someEvents(1));
    execFileSync('chattr', ['+i', ...files]);
    try {
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const error = await reasonOf(log.store.append(stream, 0, someEvents(1)));
        expect(error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError).toBe(true);
      }
    } finally {
      execFileSync('chattr', ['-i', ...files.filter((file) => statSync(file, { throwIfNoEntry: false }) !== undefined)]);
    }
    expect(await readAll(log.store, stream)).toHaveLength(1);
    const [event] = someEvents(1);
    if (event !== undefined) expect(await log.store.append(stream, 0, [event])).toMatchObject({ revision: 1 });
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('rule 11: is opened once', async () => {
    const dir = temporaryFolder();
    const log = await openEmbeddedLog({ dir });
    expect(await reasonOf(openEmbeddedLog({ dir }))).toBeInstanceOf(StoreUnavailableError);
    expect(await log.store.append(someStream(), 'no-stream', someEvents(1))).toMatchObject({ revision: 0 });
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('goes down for all its clients when the writing thread ends, and says why', async () => {
    const dir = temporaryFolder();
    const log = await openEmbeddedLog({ dir });
    const other = connectEmbeddedLog(log.attach());
    await other.storeId();
    const messages = other.subscribe({ signal: new AbortController().signal })[Symbol.asyncIterator]();
    expect(await messages.next()).toMatchObject({ value: { kind: 'caught-up' } });
    const following = reasonOf(messages.next());
    // A message that no client of ours sends: what the thread throws ends it.
    log.attach().postMessage(null);
    expect((await log.failed).message).toContain('iterable');
    expect(await following).toBeInstanceOf(StoreUnavailableError);
    for (const store of [log.store, other]) {
      // The news of the closed port may still be under way: what is sent before it arrives has no known outcome, what comes later none at all.
      await reasonOf(store.append(someStream(), 'no-stream', someEvents(1)));
      expect(await reasonOf(store.append(someStream(), 'no-stream', someEvents(1)))).toBeInstanceOf(StoreUnavailableError);
      expect(await reasonOf(store.readAll({ limit: 1 }))).toBeInstanceOf(StoreUnavailableError);
    }
    await log.close();
    const again = await openEmbeddedLog({ dir });
    await again.close();
    await again.close();
    rmSync(dir, { recursive: true, force: true });
  });

  it('writes what waits before it closes', async () => {
    const dir = temporaryFolder();
    const log = await openEmbeddedLog({ dir });
    const streams = Array.from({ length: 500 }, () => someStream());
    const appends = streams.map((stream) => reasonOf(log.store.append(stream, 'no-stream', someEvents(1))));
    // The appends leave in this turn; the order to close comes after them.
    await new Promise((resolve) => setImmediate(resolve));
    await log.close();
    const outcomes = await Promise.all(appends);
    const again = await openEmbeddedLog({ dir });
    for (const [index, stream] of streams.entries()) {
      const stored = await readAll(again.store, stream);
      if (outcomes[index] === undefined) expect(stored).toHaveLength(1);
      else expect(outcomes[index]).toBeInstanceOf(OutcomeUnknownError);
    }
    await again.close();
    rmSync(dir, { recursive: true, force: true });
  });
});
