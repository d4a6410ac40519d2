import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { refuseSealed } from '#eventing/sealed-store.js';
import { copyStore } from '#platform/store-copy/copy-store.js';
import type { CopiedStore } from '#platform/store-copy/copy-store.js';
import { openForCopy } from '#platform/store-copy/open-for-copy.js';
import type { SilentStore, StoreAddress } from '#platform/store-copy/open-for-copy.js';
import { contentOf, eventOf, someHistory, writeHistory } from '#platform/store-copy/testing/random-history.js';
import { openEventStoreDB } from '#platform/eventstoredb/eventstoredb.js';
import { systemClock } from '#platform/time/system-clock.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import type { Facade } from '#test/event-store-facade/facade.js';

/** Reports of the living come in this time here, not every 3 s. */
const LISTEN_MS = 300;
const signal = new AbortController().signal;

describe('moving a history to EventStoreDB and back', () => {
  let folder: string;
  const facades: Facade[] = [];
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'countersign-copy-'))));
  afterEach(async () => {
    for (const facade of facades.splice(0)) await facade.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const server = async (): Promise<StoreAddress & { readonly kind: 'esdb' }> => {
    const facade = await startFacade();
    facades.push(facade);
    return { kind: 'esdb', url: facade.url };
  };
  const embedded = (name: string): StoreAddress => ({ kind: 'embedded', dir: join(folder, name) });
  const within = async <T>(address: StoreAddress, work: (opened: SilentStore) => Promise<T>, listenMs = 1): Promise<T> => {
    const opened = await openForCopy(address, { create: true, signal, listenMs });
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  };
  const copied = (from: StoreAddress, to: StoreAddress): Promise<CopiedStore> =>
    within(from, (source) => within(to, (target) => copyStore({ source: source.store, target: target.store, window: target.window, clock: systemClock, signal })));
  const contentIn = (address: StoreAddress): Promise<readonly object[]> => within(address, ({ store }) => contentOf(store));

  it('rule 17: any history comes back equal, and is sealed where it left', async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(someHistory(20), async (appends) => {
        const [from, over, back] = [embedded(`${++n}-a`), await server(), embedded(`${n}-b`)];
        await within(from, ({ store }) => writeHistory(store, appends));
        const before = await contentIn(from);
        await copied(from, over);
        expect(await contentIn(over)).toEqual(before);
        await copied(over, back);
        expect(await contentIn(back)).toEqual(before);
        for (const sealed of [from, over]) await within(sealed, ({ store }) => expect(refuseSealed(store)).rejects.toThrow(/sealed/));
      }),
      { numRuns: 5 },
    );
  });

  it('goes on where it was after the server was away, and says how fast it is', async () => {
    const [from, to] = [embedded('a'), await server()];
    await within(from, ({ store }) => writeHistory(store, Array.from({ length: 1_500 }, (_, i) => ({ stream: i % 5, events: ['x'.repeat(300), 'y'] }))));
    const [facade] = facades;
    const away = setTimeout(() => facade?.control.down(500), 300);
    const { copied: events, copyMs, verifyMs } = await copied(from, to);
    clearTimeout(away);
    process.stdout.write(`to the facade: copied ${Math.round((events * 1_000) / copyMs)} events/s, verified ${Math.round((events * 1_000) / verifyMs)} events/s\n`);
    expect(await contentIn(to)).toEqual((await contentIn(from)).slice(0, -1));
  });

  it('an event of nearly the largest size, and many of one stream, pass', async () => {
    const [from, over, back] = [embedded('a'), await server(), embedded('b')];
    await within(from, async ({ store }) => {
      await store.append('operation-large', 'no-stream', [eventOf('x'.repeat(999_000))]);
      await store.append('operation-many', 'no-stream', Array.from({ length: 3 }, () => eventOf('x'.repeat(300_000))));
      await store.append('operation-many', 2, Array.from({ length: 3 }, () => eventOf('x'.repeat(300_000))));
    });
    await copied(from, over);
    await copied(over, back);
    expect(await contentIn(back)).toHaveLength(7);
  });

  it('not while a process reports that it lives', async () => {
    const to = await server();
    const { presence, close } = openEventStoreDB(to);
    const report = (ms: number): Promise<void> => presence.report({ kind: 'worker', name: 'worker-1', incarnation: 'i', down: null, at: new Date(ms).toISOString() });
    await report(0);
    // Of the dead.
    await within(to, () => Promise.resolve(), LISTEN_MS);
    let at = 0;
    const alive = setInterval(() => void report((at += 1_000)).catch(() => undefined), 50);
    await expect(within(to, () => Promise.resolve(), LISTEN_MS)).rejects.toMatchObject({ reason: 'IN_USE', message: 'still running: worker worker-1; stop every process that uses the store first' });
    clearInterval(alive);
    await close();
  });
});
