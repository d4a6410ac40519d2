import type { EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent } from '../event-store.port.js';
import { idsOf, isGrowing, positionOf, someCategory, someEvent, someEvents, someStream, withStore } from './contract-setup.js';
import type { OpenStore } from './opened-store.js';

interface Followed {
  readonly events: RecordedEvent[];
  /** How many events had been delivered at each 'caught-up'. */
  readonly caughtUpAfter: number[];
}
interface FollowOptions {
  readonly after?: Position;
  readonly prefixes: readonly string[];
  readonly batch?: number;
  readonly each?: (event: RecordedEvent) => Promise<void>;
}

/** Follows until `enough`, which is asked after every message. */
const follow = async (store: EventStore, { each, ...options }: FollowOptions, enough: (followed: Followed) => boolean): Promise<Followed> => {
  const followed: Followed = { events: [], caughtUpAfter: [] };
  const abort = new AbortController();
  for await (const message of store.subscribe({ ...options, signal: abort.signal })) {
    if (message.kind === 'caught-up') followed.caughtUpAfter.push(followed.events.length);
    else {
      if (options.batch !== undefined) expect(message.events.length).toBeLessThanOrEqual(options.batch);
      for (const event of message.events) {
        followed.events.push(event);
        await each?.(event);
      }
    }
    if (enough(followed)) abort.abort();
  }
  return followed;
};
const has = (count: number) => (followed: Followed): boolean => followed.events.length >= count && followed.caughtUpAfter.some((after) => after > 0);
const appendSingly = async (store: EventStore, stream: string, events: readonly NewEvent[], from: ExpectedRevision = 'no-stream'): Promise<void> => {
  let expected = from;
  for (const event of events) expected = (await store.append(stream, expected, [event])).revision;
};

export const subscriptionContract = (open: OpenStore): void => {
  it('delivers what is there, then what comes, exactly once and in order', withStore(open, async (store) => {
    const category = someCategory();
    const [early, late] = [someEvents(40), someEvents(40)];
    const stream = someStream(category);
    await appendSingly(store, stream, early);
    const following = follow(store, { prefixes: [`${category}-`] }, has(80));
    await appendSingly(store, stream, late, 39);
    const { events } = await following;
    expect(idsOf(events)).toEqual(idsOf([...early, ...late]));
    expect(isGrowing(events)).toBe(true);
    expect(events).toEqual(await store.readStream(stream, { limit: 100 }));
  }));

  it('delivers the events of many writers, whatever the batch', withStore(open, async (store) => {
    const category = someCategory();
    const writers = Array.from({ length: 16 }, () => someStream(category));
    const following = Promise.all([1, 7, 500].map((batch) => follow(store, { prefixes: [category], batch }, ({ events }) => events.length >= 320)));
    await Promise.all(writers.map((stream) => appendSingly(store, stream, someEvents(20))));
    const expected = idsOf(await store.readAll({ limit: 1_000, prefixes: [category] }));
    expect(expected).toHaveLength(320);
    for (const { events } of await following) expect(idsOf(events)).toEqual(expected);
  }));

  it('delivers soon after the append was answered', withStore(open, async (store) => {
    const category = someCategory();
    let appended: Promise<number> | undefined;
    await follow(store, { prefixes: [category] }, ({ events, caughtUpAfter }) => {
      if (caughtUpAfter.length > 0 && events.length === 0) {
        // Once the consumer waits again.
        appended ??= new Promise((resolve) => setTimeout(resolve, 50)).then(() => store.append(someStream(category), 'no-stream', someEvents(1))).then(() => performance.now());
      }
      return events.length === 1;
    });
    const delivered = performance.now();
    // It may even come first.
    expect(delivered - ((await appended) ?? 0)).toBeLessThan(2_000);
  }));

  it('delivers the streams of its prefixes alone', withStore(open, async (store) => {
    const [one, two] = [someCategory(), someCategory()];
    const wanted = someEvents(10);
    const stream = someStream(one);
    const following = follow(store, { prefixes: [`${one}-`] }, ({ events }) => events.length >= 10);
    for (const [index, event] of wanted.entries()) {
      await store.append(someStream(two), 'no-stream', someEvents(2));
      await store.append(stream, index === 0 ? 'no-stream' : index - 1, [event]);
    }
    expect(idsOf((await following).events)).toEqual(idsOf(wanted));
  }));

  it('resumes after the position of any event, its own or not', withStore(open, async (store) => {
    const [one, two] = [someCategory(), someCategory()];
    const [mine, other] = [someStream(one), someStream(two)];
    for (let n = 0; n < 6; n += 1) {
      await store.append(mine, n === 0 ? 'no-stream' : n - 1, someEvents(1));
      await store.append(other, n === 0 ? 'no-stream' : n - 1, someEvents(1));
    }
    const stored = await store.readStream(mine, { limit: 10 });
    for (let n = 0; n < 5; n += 1) {
      for (const stream of [mine, other]) {
        const after = await positionOf(store, stream, n);
        const { events } = await follow(store, { after, prefixes: [one] }, has(5 - n));
        expect(events).toEqual(stored.slice(n + 1));
      }
    }
  }));

  it('says that it caught up on an empty store, then delivers', withStore(open, async (store) => {
    const category = someCategory();
    const event = someEvent();
    let appended: Promise<unknown> | undefined;
    const { events, caughtUpAfter } = await follow(store, {
      prefixes: [category],
    }, (followed) => {
      if (followed.caughtUpAfter.length > 0 && followed.events.length === 0) appended ??= store.append(someStream(category), 'no-stream', [event]);
      return followed.events.length === 1;
    });
    await appended;
    expect(caughtUpAfter[0]).toBe(0);
    expect(idsOf(events)).toEqual([event.id]);
  }));

  it('says that it caught up only after what was there, at the position of an event', withStore(open, async (store) => {
    const category = someCategory();
    await store.append(someStream(category), 'no-stream', someEvents(600));
    const abort = new AbortController();
    let delivered = 0;
    for await (const message of store.subscribe({ prefixes: [category], batch: 50, signal: abort.signal })) {
      if (message.kind === 'events') delivered += message.events.length;
      else {
        expect(delivered).toBe(600);
        if (message.position !== undefined) expect(await store.readAt(message.position)).toBeDefined();
        abort.abort();
      }
    }
    expect(delivered).toBe(600);
  }));

  it('ends when it is aborted, also while it waits or before it began', withStore(open, async (store) => {
    const before = AbortSignal.abort();
    for await (const message of store.subscribe({ prefixes: [someCategory()], signal: before })) throw new Error(`unexpected ${message.kind}`);
    const abort = new AbortController();
    const kinds: string[] = [];
    for await (const message of store.subscribe({ prefixes: [someCategory()], signal: abort.signal })) {
      kinds.push(message.kind);
      // After the loop waits for the next message.
      setTimeout(() => abort.abort(), 20);
    }
    expect(new Set(kinds)).toEqual(new Set(['caught-up']));
  }));

  it('loses nothing to a slow consumer', withStore(open, async (store) => {
    const category = someCategory();
    const total = 6_000;
    const writers = Array.from({ length: 12 }, () => someStream(category));
    const written = Promise.all(writers.map(async (stream) => {
      for (let n = 0; n < total / 12; n += 100) await store.append(stream, n === 0 ? 'no-stream' : n - 1, someEvents(100));
    }));
    // It stands still while everything is written, then takes its time.
    const { events } = await follow(store, {
      prefixes: [category],
      each: async () => {
        await written;
        await new Promise((resolve) => setImmediate(resolve));
      },
    }, (followed) => followed.events.length >= total);
    expect(idsOf(events)).toEqual(idsOf(await store.readAll({ limit: total + 1, prefixes: [category] })));
  }));

  it('never delivers an event before it can be read', withStore(open, async (store) => {
    const category = someCategory();
    const streams = Array.from({ length: 8 }, () => someStream(category));
    const following = follow(store, {
      prefixes: [category],
      each: async (event) => {
        const [read] = await store.readStream(event.stream, { from: event.revision, limit: 1 });
        expect(read).toEqual(event);
        expect(await store.readAt(event.position)).toEqual(event);
      },
    }, ({ events }) => events.length >= 80);
    await Promise.all(streams.map((stream) => appendSingly(store, stream, someEvents(10))));
    await following;
  }));
};
