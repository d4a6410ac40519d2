import { EventStoreDBClient, jsonEvent, binaryEvent } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { idsOf, someCategory, someEvents, someStream } from '#eventing/testing/contract-setup.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import type { Facade } from '#test/event-store-facade/facade.js';
import { openEventStoreDB } from './eventstoredb.js';
import type { OpenedEventStoreDB } from './eventstoredb.js';
import { PRESENCE_STREAM } from './stream-names.js';

const PRESENT = { kind: 'api', name: 'a', incarnation: 'i', down: null, at: '2026-01-02T03:04:05.678Z' } as const;

describe('reads from EventStoreDB', () => {
  let facade: Facade;
  let adapter: OpenedEventStoreDB;
  let bare: EventStoreDBClient;
  beforeEach(async () => {
    facade = await startFacade({ port: 0 });
    adapter = openEventStoreDB(facade);
    bare = EventStoreDBClient.connectionString(facade.url);
  });
  afterEach(async () => {
    await bare.dispose();
    await adapter.close();
    await facade.close();
  });
  /** What stands in the store beside our events: its own, ours for ourselves, and other products'. */
  const clutter = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      await adapter.presence.report(PRESENT);
      await bare.appendToStream('$stats-0', jsonEvent({ type: '$statsCollected', data: { round } }));
      await bare.appendToStream('foreign-1', [jsonEvent({ type: 'theirs', data: { round } }), binaryEvent({ type: 'theirs', data: Buffer.from([1, 2, 3]) })]);
    }
  };

  it('hands out neither events of the store itself nor its own nor those of other products', async () => {
    await clutter(2);
    await adapter.store.storeId();
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(2));
    await clutter(2);
    await bare.setStreamMetadata(stream, { maxAge: 1_000_000 });
    const mine = await adapter.store.readStream(stream, { limit: 10 });
    expect(await adapter.store.readAll({ limit: 100 })).toEqual(mine);
    expect(await adapter.store.readAll({ limit: 100, direction: 'backward' })).toEqual(mine.toReversed());
    expect(await adapter.store.readAll({ limit: 100, prefixes: ['$', 'countersign:', 'foreign', '$$contract'] })).toEqual([]);
    const hidden: (bigint | undefined)[] = [];
    for await (const { event } of bare.readAll()) if (event?.streamId !== stream) hidden.push(event?.position.commit);
    expect(hidden.length).toBeGreaterThan(10);
    for (const position of hidden) expect(await adapter.store.readAt(position ?? -1n)).toBeUndefined();
    for (const name of [PRESENCE_STREAM, '$stats-0']) await expect(adapter.store.readStream(name, { limit: 1 })).rejects.toBeInstanceOf(TypeError);
    await expect(adapter.store.readStream('foreign-1', { limit: 10 })).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('finds the last event however much of no interest came after it, and again without reading all of that', async () => {
    const last = async (): Promise<readonly RecordedEvent[]> => adapter.store.readAll({ limit: 1, direction: 'backward' });
    await clutter(1);
    expect(await last()).toEqual([]);
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(1));
    expect(await last()).toMatchObject([{ stream, revision: 0 }]);
    for (let more = 0; more < 4; more += 1) await bare.appendToStream('$stats-0', Array.from({ length: 600 }, () => jsonEvent({ type: '$statsCollected', data: {} })));
    expect(await last()).toMatchObject([{ stream, revision: 0 }]);
    const reads = facade.control.add({ on: 'read', action: { kind: 'slow', ms: 0 }, times: 0 });
    expect(await last()).toMatchObject([{ stream, revision: 0 }]);
    expect(facade.control.fired(reads)).toBe(1);
    await adapter.store.append(stream, 0, someEvents(1));
    expect(await last()).toMatchObject([{ stream, revision: 1 }]);
    await clutter(1);
    expect(await last()).toMatchObject([{ stream, revision: 1 }]);
    expect(await last()).toMatchObject([{ stream, revision: 1 }]);
  });

  it('reads on over pages in both directions, exactly up to the limit', async () => {
    const [category, other] = [someCategory(), someCategory()];
    const stream = someStream(category);
    const events = someEvents(2_500);
    for (let from = 0; from < events.length; from += 500) {
      await adapter.store.append(stream, from === 0 ? 'no-stream' : from - 1, events.slice(from, from + 500));
      await adapter.store.append(someStream(other), 'no-stream', someEvents(500));
    }
    const ids = idsOf(events);
    for (const limit of [1_000, 1_001, 9_999]) {
      expect(idsOf(await adapter.store.readStream(stream, { limit }))).toEqual(ids.slice(0, limit));
      expect(idsOf(await adapter.store.readStream(stream, { limit, direction: 'backward' }))).toEqual(ids.toReversed().slice(0, limit));
      expect(idsOf(await adapter.store.readAll({ limit, prefixes: [category] }))).toEqual(ids.slice(0, limit));
      expect(await adapter.store.readAll({ limit })).toHaveLength(Math.min(limit, 5_000));
      expect(await adapter.store.readAll({ limit, direction: 'backward' })).toHaveLength(Math.min(limit, 5_000));
    }
    expect(idsOf(await adapter.store.readStream(stream, { from: 9_000, limit: 3, direction: 'backward' }))).toEqual(ids.toReversed().slice(0, 3));
  });

  it('finds nothing at a position at which nothing begins, and reads on from none', async () => {
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(2));
    const [first, second] = await adapter.store.readStream(stream, { limit: 2 });
    const between = ((first?.position ?? 0n) + (second?.position ?? 0n)) / 2n;
    for (const position of [between, -1n, 2n ** 63n - 1n, 2n ** 64n]) expect(await adapter.store.readAt(position)).toBeUndefined();
    await expect(adapter.store.readAll({ from: between, limit: 1 })).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(adapter.store.readAll({ from: -1n, limit: 1 })).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('takes a stream with a gap for none of ours (rule 21)', async () => {
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(5));
    await bare.setStreamMetadata(stream, { truncateBefore: 2 });
    await expect(adapter.store.readStream(stream, { limit: 5 })).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await adapter.store.readStream(stream, { from: 2, limit: 5 })).toHaveLength(3);
    expect(await adapter.store.readStream(stream, { limit: 2, direction: 'backward' })).toHaveLength(2);
  });

  it('waits no longer than its time limit', async () => {
    const stream = someStream();
    const { store, close } = openEventStoreDB({ url: facade.url, readTimeoutMs: 400 });
    for (const read of [() => store.readStream(stream, { limit: 1 }), () => store.readAll({ limit: 1 }), () => store.readAt(7n), () => store.storeId()]) {
      facade.control.clear();
      facade.control.add({ on: 'read', action: { kind: 'drop' }, times: 0 });
      const started = performance.now();
      await expect(read()).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(performance.now() - started).toBeLessThan(3_000);
    }
    facade.control.clear();
    expect(await store.readStream(stream, { limit: 1 })).toEqual([]);
    await close();
  });

  it('a read that is cut short by the end of the connection is no answer', async () => {
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(3));
    facade.control.add({ on: 'read', action: { kind: 'drop' }, times: 0 });
    const reads = [adapter.store.readStream(stream, { limit: 10 }), adapter.store.readAll({ limit: 10 })].map((read) => read.then((events) => events.length, (error: unknown) => error));
    await pause(100);
    await adapter.close();
    for (const outcome of await Promise.all(reads)) expect(outcome).toBeInstanceOf(StoreUnavailableError);
  });

  it('asks once more when the connection broke, and the leader that another node names', async () => {
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(1));
    facade.control.add({ on: 'read', action: { kind: 'cut', when: 'before-commit' } });
    expect(await adapter.store.readStream(stream, { limit: 1 })).toHaveLength(1);
    const other = await startFacade({ port: 0 });
    const lost = openEventStoreDB({ url: other.url });
    other.control.add({ on: 'read', action: { kind: 'not-leader', host: '127.0.0.1', port: facade.port }, times: 0 });
    expect(await lost.store.readAll({ limit: 5, prefixes: [stream] })).toHaveLength(1);
    await lost.close();
    await other.close();
    facade.control.unavailable(5_000);
    await expect(adapter.store.readStream(stream, { limit: 1 })).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('gives a store one id, whoever comes first, and shows the event to nobody', async () => {
    const others = Array.from({ length: 6 }, () => openEventStoreDB(facade));
    const ids = await Promise.all(others.map(({ store }) => store.storeId()));
    expect(new Set(ids).size).toBe(1);
    expect(await adapter.store.storeId()).toBe(ids[0]);
    expect(await adapter.store.readAll({ limit: 10 })).toEqual([]);
    await Promise.all(others.map(({ close }) => close()));
    // What was deleted and begun again is another store, and none that is trusted.
    await bare.deleteStream('countersign:store-identity');
    const later = openEventStoreDB(facade);
    await expect(later.store.storeId()).rejects.toThrow();
    await expect(later.store.storeId()).rejects.toThrow();
    await later.close();
  });
});
