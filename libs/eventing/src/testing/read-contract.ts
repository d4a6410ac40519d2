import type { EventStore, NewEvent, RecordedEvent } from '../event-store.port.js';
import { asRecorded, idsOf, isGrowing, someCategory, someEvent, someEvents, someStream, withStore } from './contract-setup.js';
import type { OpenStore } from './opened-store.js';

/** Alternately appends single events to streams of these names; gives them in their order. */
const interleave = async (store: EventStore, streams: readonly string[], rounds: number): Promise<readonly NewEvent[]> => {
  const all: NewEvent[] = [];
  for (let round = 0; round < rounds; round += 1) {
    for (const stream of streams) {
      const event = someEvent({ round, stream });
      await store.append(stream, round === 0 ? 'no-stream' : round - 1, [event]);
      all.push(event);
    }
  }
  return all;
};
const ofStream = (events: readonly NewEvent[], prefix: string): readonly NewEvent[] => events.filter((event) => (event.data as { readonly stream: string }).stream.startsWith(prefix));
const at = (events: readonly RecordedEvent[], index: number): RecordedEvent => {
  const event = events[index];
  if (event === undefined) throw new Error(`no event ${index}`);
  return event;
};

export const readContract = (open: OpenStore): void => {
  it('has one random id for its life', withStore(open, async (store, opened) => {
    const id = await store.storeId();
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await store.storeId()).toBe(id);
    if (opened.reopen !== undefined) expect(await (await opened.reopen()).storeId()).toBe(id);
  }));

  it('gives nothing of a missing stream', withStore(open, async (store) => {
    expect(await store.readStream(someStream(), { limit: 10 })).toEqual([]);
    expect(await store.readStream(someStream(), { from: 3, limit: 10, direction: 'backward' })).toEqual([]);
  }));

  it('reads a stream forward from a revision, up to a limit', withStore(open, async (store) => {
    const stream = someStream();
    const events = someEvents(6);
    await store.append(stream, 'no-stream', events);
    expect(await store.readStream(stream, { limit: 2 })).toEqual(asRecorded(stream, 0, events.slice(0, 2)));
    expect(await store.readStream(stream, { from: 2, limit: 3 })).toEqual(asRecorded(stream, 2, events.slice(2, 5)));
    expect(await store.readStream(stream, { from: 4, limit: 100 })).toEqual(asRecorded(stream, 4, events.slice(4)));
    expect(await store.readStream(stream, { from: 6, limit: 100 })).toEqual([]);
  }));

  it('reads a stream backward, from the head or a revision', withStore(open, async (store) => {
    const stream = someStream();
    const events = someEvents(6);
    await store.append(stream, 'no-stream', events);
    const backward = idsOf(events).toReversed();
    expect(idsOf(await store.readStream(stream, { limit: 2, direction: 'backward' }))).toEqual(backward.slice(0, 2));
    expect(idsOf(await store.readStream(stream, { limit: 100, direction: 'backward' }))).toEqual(backward);
    expect(idsOf(await store.readStream(stream, { from: 3, limit: 3, direction: 'backward' }))).toEqual(backward.slice(2, 5));
    expect(idsOf(await store.readStream(stream, { from: 0, limit: 3, direction: 'backward' }))).toEqual(backward.slice(5));
  }));

  it('reads long streams and large events whole', withStore(open, async (store) => {
    const stream = someStream();
    const events = [...someEvents(1_200), ...Array.from({ length: 6 }, (_, n) => someEvent({ n, text: 'x'.repeat(400_000) }))];
    for (let from = 0; from < 1_200; from += 400) await store.append(stream, from === 0 ? 'no-stream' : from - 1, events.slice(from, from + 400));
    for (let from = 1_200; from < events.length; from += 1) await store.append(stream, from - 1, events.slice(from, from + 1));
    expect(idsOf(await store.readStream(stream, { limit: 5_000 }))).toEqual(idsOf(events));
    expect(idsOf(await store.readStream(stream, { limit: 1_203, direction: 'backward' }))).toEqual(idsOf(events).toReversed().slice(0, 1_203));
    expect(idsOf(await store.readAll({ limit: 5_000, prefixes: [stream] }))).toEqual(idsOf(events));
    expect(idsOf(await store.readAll({ limit: 1_203, direction: 'backward', prefixes: [stream] }))).toEqual(idsOf(events).toReversed().slice(0, 1_203));
  }));

  it('reads all streams in the order of their events, at growing positions', withStore(open, async (store) => {
    const [one, two] = [someStream(), someStream()];
    // Others may have written before, and may write now.
    const [before] = await store.readAll({ limit: 1, direction: 'backward' });
    const events = await interleave(store, [one, two], 5);
    const mine = (all: readonly RecordedEvent[]): readonly RecordedEvent[] => all.filter((event) => event.stream === one || event.stream === two);
    const all = await store.readAll({ limit: 10_000, ...(before === undefined ? {} : { from: before.position }) });
    expect(isGrowing(all)).toBe(true);
    expect(idsOf(mine(all))).toEqual(idsOf(events));
    expect(all.every((event) => typeof event.position === 'bigint')).toBe(true);
    const backward = await store.readAll({ limit: 1_000, direction: 'backward' });
    expect(isGrowing(backward.toReversed())).toBe(true);
    expect(idsOf(mine(backward))).toEqual(idsOf(events).toReversed());
    expect((await store.readAll({ limit: 3, direction: 'backward' })).map(({ position }) => position).every((position) => position >= (all.at(-3)?.position ?? 0n))).toBe(true);
  }));

  it('reads all streams from a position on, which it leaves out', withStore(open, async (store) => {
    const category = someCategory();
    const events = await interleave(store, [someStream(category), someStream(category)], 4);
    const all = await store.readAll({ limit: 100, prefixes: [`${category}-`] });
    expect(idsOf(all)).toEqual(idsOf(events));
    for (const index of [0, 3, 7]) {
      const from = at(all, index).position;
      expect(idsOf(await store.readAll({ from, limit: 3, prefixes: [category] }))).toEqual(idsOf(events).slice(index + 1, index + 4));
      expect(idsOf(await store.readAll({ from, limit: 3, direction: 'backward', prefixes: [category] }))).toEqual(idsOf(events).slice(Math.max(index - 3, 0), index).reverse());
    }
  }));

  it('reads the streams of some prefixes alone', withStore(open, async (store) => {
    const [one, two, three] = [someCategory(), someCategory(), someCategory()];
    const events = await interleave(store, [someStream(one), someStream(two), someStream(three)], 3);
    const ids = (...categories: readonly string[]): readonly string[] => idsOf(events.filter((event) => categories.some((category) => ofStream([event], category).length > 0)));
    expect(idsOf(await store.readAll({ limit: 100, prefixes: [`${two}-`] }))).toEqual(ids(two));
    expect(idsOf(await store.readAll({ limit: 100, prefixes: [`${three}-`, `${one}-`] }))).toEqual(ids(one, three));
    expect(idsOf(await store.readAll({ limit: 2, direction: 'backward', prefixes: [`${three}-`, `${one}-`] }))).toEqual(ids(one, three).toReversed().slice(0, 2));
    expect(await store.readAll({ limit: 100, prefixes: [someCategory()] })).toEqual([]);
  }));

  it('finds the event at exactly a position (rule 12)', withStore(open, async (store, opened) => {
    const stream = someStream();
    await store.append(stream, 'no-stream', someEvents(3));
    const events = await store.readStream(stream, { limit: 3 });
    const found = async (from: EventStore): Promise<void> => {
      for (const event of events) expect(await from.readAt(event.position)).toEqual(event);
    };
    await found(store);
    expect(await store.readAt(at(events, 2).position + 1_000_000_000n)).toBeUndefined();
    if (opened.reopen !== undefined) await found(await opened.reopen());
  }));
};
