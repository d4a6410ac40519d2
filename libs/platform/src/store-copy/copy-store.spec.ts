import fc from 'fast-check';
import type { EventStore } from '#eventing/event-store.port.js';
import { refuseSealed, SealedStoreError, STORE_SEALED, STORE_STREAM } from '#eventing/sealed-store.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { EMBEDDED_WINDOW, SINGLE_APPENDS } from './append-windows.js';
import { copyStore } from './copy-store.js';
import type { CopiedStore, CopyOptions } from './copy-store.js';
import { contentOf, eventOf, someHistory, writeHistory } from './testing/random-history.js';

const clock = { wall: () => Date.parse('2026-11-20T12:00:00.000Z') };
const copy = (source: EventStore, target: EventStore, more: Partial<CopyOptions> = {}): Promise<CopiedStore> =>
  copyStore({ source, target, window: SINGLE_APPENDS, clock, signal: new AbortController().signal, ...more });
const history = [{ stream: 0, events: [1, 2] }, { stream: 5, events: ['said of the store'] }, { stream: 1, events: [{ a: 1 }] }, { stream: 0, events: [3] }];
/** A store with that history, and what it holds. */
const written = async (): Promise<{ readonly store: MemoryEventStore; readonly content: readonly object[] }> => {
  const store = new MemoryEventStore();
  await writeHistory(store, history);
  return { store, content: await contentOf(store) };
};

describe('copying a store', () => {
  it('rule 17: any history is the same in the target, and the source ends with a seal that names it', async () => {
    await fc.assert(
      fc.asyncProperty(someHistory(30), fc.boolean(), async (appends, wide) => {
        const [source, target] = [new MemoryEventStore(), new MemoryEventStore()];
        await writeHistory(source, appends);
        const before = await contentOf(source);
        const done = await copy(source, target, { window: wide ? EMBEDDED_WINDOW : SINGLE_APPENDS });
        expect(await contentOf(target)).toEqual(before);
        expect(done).toMatchObject({ events: before.length, copied: before.length, streams: new Set(before.map((e) => e.stream)).size, storeId: await target.storeId() });
        const [last] = await source.readAll({ limit: 1, direction: 'backward' });
        expect(last).toMatchObject({ stream: STORE_STREAM, type: STORE_SEALED, data: { movedTo: await target.storeId() } });
        await expect(refuseSealed(source)).rejects.toBeInstanceOf(SealedStoreError);
        await refuseSealed(target);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on from any beginning that the target holds, sealed before or not', async () => {
    await fc.assert(
      fc.asyncProperty(someHistory(12), fc.nat(40), fc.boolean(), async (appends, upTo, sealedBefore) => {
        const [source, target] = [new MemoryEventStore(), new MemoryEventStore()];
        await writeHistory(source, appends);
        const before = await contentOf(source);
        for (const { stream, revision, ...event } of before.slice(0, upTo)) await target.append(stream, revision === 0 ? 'no-stream' : revision - 1, [event]);
        if (sealedBefore) {
          const said = before.filter((e) => e.stream === STORE_STREAM).length;
          await source.append(STORE_STREAM, said === 0 ? 'no-stream' : said - 1, [{ ...eventOf({ movedTo: await target.storeId() }), type: STORE_SEALED }]);
        }
        const done = await copy(source, target);
        expect(done.copied).toBe(Math.max(0, before.length - upTo));
        expect(await contentOf(target)).toEqual(before);
        // Sealed once.
        expect(await contentOf(source)).toHaveLength(before.length + 1);
      }),
      { numRuns: 60 },
    );
  });

  it('done again it changes nothing', async () => {
    const { store, content } = await written();
    const target = new MemoryEventStore();
    await copy(store, target);
    expect(await copy(store, target)).toMatchObject({ events: content.length, copied: 0 });
    expect(await contentOf(store)).toHaveLength(content.length + 1);
  });

  it('an empty store is moved as well', async () => {
    const [source, target] = [new MemoryEventStore(), new MemoryEventStore()];
    expect(await copy(source, target)).toMatchObject({ events: 0, streams: 0 });
    await expect(refuseSealed(source)).rejects.toBeInstanceOf(SealedStoreError);
  });

  it.each([
    ['another event', async (target: EventStore) => void (await target.append('operation-a', 'no-stream', [eventOf(1)]))],
    ['one event more at the end', async (target: EventStore, source: EventStore) => {
      await copy(source, target);
      await target.append('operation-z', 'no-stream', [eventOf(1)]);
    }],
    ['the same event with other data', async (target: EventStore, source: EventStore) => {
      const [first] = await source.readAll({ limit: 1 });
      if (first !== undefined) await target.append(first.stream, 'no-stream', [{ id: first.id, type: first.type, data: 'other', metadata: first.metadata }]);
    }],
    ['the same event with other metadata', async (target: EventStore, source: EventStore) => {
      const [first] = await source.readAll({ limit: 1 });
      if (first !== undefined) await target.append(first.stream, 'no-stream', [{ id: first.id, type: first.type, data: first.data, metadata: { ...first.metadata, at: '2026-01-02T03:04:05.679Z' } }]);
    }],
  ])('refuses a target that holds %s', async (_, spoil) => {
    const { store } = await written();
    const target = new MemoryEventStore();
    await spoil(target, store);
    await expect(copy(store, target)).rejects.toMatchObject({ name: 'CopyRefusedError', reason: 'TARGET_DIFFERS' });
  });

  it('refuses a store as its own target, and one that is sealed itself', async () => {
    const { store } = await written();
    await expect(copy(store, store)).rejects.toMatchObject({ reason: 'SAME_STORE' });
    const sealed = new MemoryEventStore();
    await copy(sealed, new MemoryEventStore());
    await expect(copy(store, sealed)).rejects.toMatchObject({ reason: 'TARGET_SEALED' });
  });

  it('moves a source that was moved already only when told that the other store is lost', async () => {
    const { store, content } = await written();
    await copy(store, new MemoryEventStore());
    const second = new MemoryEventStore();
    await expect(copy(store, second)).rejects.toMatchObject({ reason: 'MOVED_ELSEWHERE' });
    expect(await contentOf(second)).toEqual([]);
    expect(await copy(store, second, { again: true })).toMatchObject({ events: content.length });
    expect(await contentOf(second)).toEqual(content);
  });

  it('what was written before the seal comes along; what was written after it is told, and comes along with the next run', async () => {
    const { store, content } = await written();
    const source = new FaultyEventStore(store);
    const target = new MemoryEventStore();
    const late = eventOf('before the seal');
    const later = eventOf('after the seal');
    source.beforeAppend = async () => void (await store.append('late-1', 'no-stream', [late]));
    // The target's streams are read by name in the verification only, after the seal.
    const watched = new FaultyEventStore(target);
    watched.afterRead = async (stream) => void (stream === 'operation-b' && (await store.append('late-2', 'no-stream', [later])));
    await expect(copy(source, watched)).rejects.toMatchObject({ reason: 'WRITTEN_AFTER_SEAL' });
    expect((await contentOf(target)).map((e) => e.id)).toEqual([...content.map((e) => (e as { id: string }).id), late.id]);

    source.beforeAppend = () => Promise.resolve();
    expect(await copy(source, target)).toMatchObject({ copied: 1, events: content.length + 2 });
    expect((await contentOf(target)).at(-1)).toMatchObject({ id: later.id });
    expect((await store.readAll({ limit: 1, direction: 'backward' }))[0]).toMatchObject({ type: STORE_SEALED });
  });

  it('sends an append again until it is known to be written', async () => {
    const { store, content } = await written();
    const target = new FaultyEventStore(new MemoryEventStore());
    target.faults = ['unavailable', 'unknown', 'unknown-after', 'none', 'unknown-after'];
    await copy(store, target);
    expect(await contentOf(target)).toEqual(content);
  });

  it('a source whose stream was truncated is refused, and not sealed', async () => {
    const { store } = await written();
    const source = new FaultyEventStore(store);
    source.readAll = async (options) => (await store.readAll(options)).filter((e) => e.stream !== 'operation-a' || e.revision > 0);
    await expect(copy(source, new MemoryEventStore())).rejects.toMatchObject({ reason: 'SOURCE_INCOMPLETE' });
    await refuseSealed(store);
  });

  it('a target that does not keep what it took is found out', async () => {
    const { store } = await written();
    const inner = new MemoryEventStore();
    const target = new FaultyEventStore(inner);
    let lying = false;
    target.readStream = async (stream, options) => {
      const events = await inner.readStream(stream, options);
      return lying && stream === 'operation-a' ? events.map((e) => ({ ...e, type: 'other.v1' })) : events;
    };
    target.beforeAppend = () => Promise.resolve(void (lying = true));
    await expect(copy(store, target)).rejects.toMatchObject({ reason: 'TARGET_DIFFERS' });
  });

  it('stops when told to, and goes on', async () => {
    const { store, content } = await written();
    const stopping = new AbortController();
    const inner = new MemoryEventStore();
    const target = new FaultyEventStore(inner);
    target.beforeAppend = (n) => Promise.resolve(void (n === 2 && stopping.abort()));
    await expect(copy(store, target, { signal: stopping.signal })).rejects.toMatchObject({ reason: 'STOPPED' });
    await refuseSealed(store);
    expect(await copy(store, inner)).toMatchObject({ events: content.length });
  });

  it('tells how far it is', async () => {
    const { store, content } = await written();
    const told: string[] = [];
    await copy(store, new MemoryEventStore(), { advanced: (phase, events, at, head) => void told.push(`${phase} ${events} ${at <= head}`) });
    expect(told.filter((t) => t.startsWith('copying')).at(-1)).toBe(`copying ${content.length} true`);
    expect(told.filter((t) => t.startsWith('verifying'))).toHaveLength(content.length);
  });
});
