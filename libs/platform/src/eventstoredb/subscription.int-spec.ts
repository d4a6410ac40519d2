import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { followDurably } from '#eventing/durable-subscription.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { idsOf, isGrowing, someCategory, someEvents, someStream } from '#eventing/testing/contract-setup.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import type { Facade } from '#test/event-store-facade/facade.js';
import type { FaultAction } from '#test/event-store-facade/faults/fault.js';
import { openEventStoreDB } from './eventstoredb.js';
import type { OpenedEventStoreDB } from './eventstoredb.js';

describe('subscriptions to EventStoreDB', () => {
  let facade: Facade;
  let adapter: OpenedEventStoreDB;
  beforeEach(async () => {
    facade = await startFacade({ port: 0 });
    adapter = openEventStoreDB(facade);
  });
  afterEach(async () => {
    await adapter.close();
    await facade.close();
  });
  const write = async (category: string, writers: number, each: number): Promise<void> => {
    await Promise.all(Array.from({ length: writers }, async () => {
      const stream = someStream(category);
      for (let n = 0; n < each; n += 1) await adapter.store.append(stream, n === 0 ? 'no-stream' : n - 1, someEvents(1));
    }));
  };
  /** Follows until so many events came. @returns them, and how often it broke or caught up */
  const follow = async (store: EventStore, category: string, count: number, begun: () => void = () => undefined): Promise<{ readonly events: readonly RecordedEvent[]; readonly failures: readonly unknown[]; readonly caughtUp: number }> => {
    const abort = new AbortController();
    const [events, failures]: [RecordedEvent[], unknown[]] = [[], []];
    let caughtUp = 0;
    await followDurably({
      store, name: 'test', prefixes: [category], after: undefined, signal: abort.signal,
      caughtUp: () => {
        if ((caughtUp += 1) === 1) begun();
      },
      failed: (error) => failures.push(error),
      handle: (more) => {
        events.push(...more);
        if (events.length >= count) abort.abort();
        return Promise.resolve();
      },
    });
    return { events, failures, caughtUp };
  };
  const wholeAndInOrder = async (category: string, events: readonly RecordedEvent[]): Promise<void> => {
    expect(isGrowing(events)).toBe(true);
    expect(idsOf(events)).toEqual(idsOf(await adapter.store.readAll({ limit: 10_000, prefixes: [category] })));
  };

  it('goes on at once, without a failure, each time the server ends it because events waited', async () => {
    const category = someCategory();
    const ended = facade.control.add({ on: 'event', stream: category, nth: 10, times: 25, action: { kind: 'drop-subscription', as: 'too-slow' } });
    const writing = { done: Promise.resolve() };
    const { events, failures } = await follow(adapter.store, category, 400, () => void (writing.done = write(category, 8, 50)));
    await writing.done;
    await wholeAndInOrder(category, events);
    expect(failures).toEqual([]);
    expect(facade.control.fired(ended)).toBe(25);
  });

  it('misses nothing under load from a server that ends it whenever some events wait', async () => {
    const category = someCategory();
    facade.control.add({ on: 'subscription', action: { kind: 'too-slow', waiting: 3 }, times: 0 });
    const writing = { done: Promise.resolve() };
    const { events, failures } = await follow(adapter.store, category, 640, () => void (writing.done = write(category, 32, 20)));
    await writing.done;
    await wholeAndInOrder(category, events);
    expect(failures).toEqual([]);
  });

  it('holds it for a fault when that happens over and over and brings nothing', async () => {
    const category = someCategory();
    await write(category, 1, 3);
    facade.control.add({ on: 'event', action: { kind: 'drop-subscription', as: 'too-slow' }, times: 0 });
    const started = performance.now();
    const failure: unknown = await (async () => {
      for await (const message of adapter.store.subscribe({ prefixes: [category], signal: AbortSignal.timeout(10_000) })) expect(message.kind).toBe('caught-up');
    })().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(['unavailable', 'unknown', 'cut', 'end'] as const)('breaks when the server drops it (%s), after what had come was delivered; who follows durably misses nothing', async (as) => {
    const category = someCategory();
    await write(category, 1, 60);
    facade.control.add({ on: 'event', stream: category, nth: 41, action: { kind: 'drop-subscription', as } });
    const { events, failures } = await follow(adapter.store, category, 60);
    await wholeAndInOrder(category, events);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toBeInstanceOf(StoreUnavailableError);
  });

  it.each<[string, FaultAction]>([['events come twice', { kind: 'twice' }], ['events are late', { kind: 'delay', ms: 1 }]])('delivers once and in order when %s', async (_, action) => {
    const category = someCategory();
    facade.control.add({ on: 'event', action, times: 0 });
    await write(category, 4, 20);
    const { events, failures } = await follow(adapter.store, category, 80);
    await wholeAndInOrder(category, events);
    expect(failures).toEqual([]);
  });

  it('says that it caught up any number of times', async () => {
    const category = someCategory();
    facade.control.add({ on: 'subscription', action: { kind: 'caught-up', count: 50 } });
    await write(category, 1, 5);
    const abort = new AbortController();
    let [delivered, caughtUp] = [0, 0];
    for await (const message of adapter.store.subscribe({ prefixes: [category], signal: abort.signal })) {
      if (message.kind === 'events') delivered += message.events.length;
      else {
        expect(delivered).toBe(5);
        if ((caughtUp += 1) === 1) setTimeout(() => abort.abort(), 50);
      }
    }
    expect(caughtUp).toBeGreaterThan(0);
  });

  it('comes back after an outage', async () => {
    const category = someCategory();
    const { events, failures } = await follow(adapter.store, category, 20, () => {
      void write(category, 1, 10).then(() => facade.control.down(400)).then(() => new Promise((resolve) => setTimeout(resolve, 600))).then(() => write(category, 1, 10));
    });
    await wholeAndInOrder(category, events);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every((error) => error instanceof StoreUnavailableError)).toBe(true);
  });

  it('delivers everything without prefixes, and nothing that is not an application\'s', async () => {
    const bare = EventStoreDBClient.connectionString(facade.url);
    const abort = new AbortController();
    const events: RecordedEvent[] = [];
    await adapter.store.storeId();
    await bare.appendToStream('$stats-0', Array.from({ length: 50 }, () => jsonEvent({ type: '$statsCollected', data: {} })));
    await bare.appendToStream('foreign-1', jsonEvent({ type: 'theirs', data: {} }));
    await write(someCategory(), 3, 10);
    await adapter.presence.report({ kind: 'api', name: 'a', incarnation: 'i', down: null, at: '2026-01-02T03:04:05.678Z' });
    for await (const message of adapter.store.subscribe({ signal: abort.signal })) {
      if (message.kind === 'events') events.push(...message.events);
      else abort.abort();
    }
    expect(events).toEqual(await adapter.store.readAll({ limit: 1_000 }));
    expect(events).toHaveLength(30);
    await bare.dispose();
  });

  it('ends at once when it is aborted, while the server says nothing or is down', async () => {
    const ended = async (): Promise<number> => {
      const abort = new AbortController();
      let aborted = 0;
      setTimeout(() => {
        aborted = performance.now();
        abort.abort();
      }, 60);
      for await (const message of adapter.store.subscribe({ prefixes: [someCategory()], signal: abort.signal })) expect(message.kind).toBe('caught-up');
      return performance.now() - aborted;
    };
    facade.control.add({ on: 'read', action: { kind: 'drop' }, times: 0 });
    expect(await ended()).toBeLessThan(200);
    facade.control.clear();
    facade.control.add({ on: 'subscription', action: { kind: 'slow', ms: 5_000 }, times: 0 });
    expect(await ended()).toBeLessThan(200);
    expect(facade.control.status().subscriptions).toBe(0);
  });

  it('keeps no subscription when its consumer goes', async () => {
    const category = someCategory();
    await write(category, 1, 3);
    for await (const message of adapter.store.subscribe({ prefixes: [category], signal: AbortSignal.timeout(10_000) })) {
      expect(message.kind).toBe('events');
      break;
    }
    for (let tries = 0; facade.control.status().subscriptions > 0 && tries < 100; tries += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(facade.control.status().subscriptions).toBe(0);
  });
});
