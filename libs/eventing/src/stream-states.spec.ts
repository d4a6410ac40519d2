import { StoreUnavailableError } from './event-store.port.js';
import type { EventStore, NewEvent, RecordedEvent } from './event-store.port.js';
import { randomId } from './ids.js';
import type { Snapshot } from './snapshot-store.port.js';
import { SNAPSHOT_EVERY, StreamStates } from './stream-states.js';
import { add, asked, counterKind, counterProcess } from './testing/counter.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const S = 'counter-1';
const added = (n: number, commandId: string = randomId()): NewEvent => ({ id: randomId(), type: 'c.added.v1', data: { n, pad: '' }, metadata: { commandId, actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' } });
const some = (count: number): readonly NewEvent[] => Array.from({ length: count }, () => added(1));
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

describe('StreamStates', () => {
  let store: FaultyEventStore;
  let snapshots: Map<string, Snapshot>;
  let saved: Snapshot[];
  beforeEach(() => {
    store = new FaultyEventStore(new MemoryEventStore());
    snapshots = new Map();
    saved = [];
  });
  const snapshotStore = {
    load: (stream: string) => snapshots.get(stream),
    save: (snapshot: Snapshot) => {
      saved.push(snapshot);
      snapshots.set(snapshot.stream, snapshot);
    },
  };
  const states = ({ kind = counterKind, capacity = 100, observe }: { kind?: typeof counterKind; capacity?: number; observe?: (e: RecordedEvent) => void } = {}) =>
    new StreamStates(store, kind, { capacity, snapshots: snapshotStore, ...(observe === undefined ? {} : { observe }) });
  const write = async (events: readonly NewEvent[], stream = S): Promise<void> => {
    for (let i = 0; i < events.length; i += 1_000) {
      const [last] = await store.inner.readStream(stream, { limit: 1, direction: 'backward' });
      await store.inner.append(stream, last?.revision ?? 'no-stream', events.slice(i, i + 1_000));
    }
  };
  const at = async (revision: number, stream = S): Promise<RecordedEvent> => {
    const [event] = await store.inner.readStream(stream, { from: revision, limit: 1 });
    if (event === undefined) throw new Error('no such event');
    return event;
  };

  it('a missing stream is at revision -1 and is not kept', async () => {
    const s = states();
    expect(await s.refresh(S)).toEqual({ state: counterKind.initialState, revision: -1, eventId: null, at: null, answers: new Map(), doubts: 0 });
    expect(s.cached(S)).toBeUndefined();
    await write(some(1));
    expect(await s.load(S)).toMatchObject({ revision: 0, state: { sum: 1 } });
  });

  it('is read once for all who ask for it at the same time, with what was told meanwhile', async () => {
    await write(some(3));
    const s = states();
    let told = false;
    store.afterRead = async () => {
      if (told) return;
      told = true;
      await write(some(1));
      s.offer(await at(3));
    };
    const order: number[] = [];
    const all = await Promise.all([0, 1, 2].map(async (n) => {
      const folded = await s.load(S);
      order.push(n);
      return folded;
    }));
    expect(all.map((f) => f.revision)).toEqual([3, 3, 3]);
    expect(order).toEqual([0, 1, 2]);
    expect(s.eventsRead).toBe(4);
    expect(store.reads).toHaveLength(2);
  });

  it('rule 13: that a stream is missing is not told by a look that began before it was asked for', async () => {
    const s = states();
    let late: Promise<{ readonly revision: number }> | undefined;
    store.afterRead = async () => {
      if (late !== undefined) return;
      // This page is empty already.
      await write(some(1));
      late = s.load(S);
    };
    expect(await s.load(S)).toMatchObject({ revision: -1 });
    expect(await late).toMatchObject({ revision: 0 });
  });

  it('rule 13: many that ask for what is fresh share a look that begins after they asked', async () => {
    await write(some(1));
    const s = states();
    const late: Promise<{ readonly revision: number }>[] = [];
    let told = false;
    store.afterRead = async () => {
      if (told) return;
      told = true;
      // The page of the first look does not have this.
      await write(some(1));
      for (let n = 0; n < 5; n += 1) late.push(s.fresh(S));
    };
    expect(await s.fresh(S)).toMatchObject({ revision: 0 });
    expect((await Promise.all(late)).map(({ revision }) => revision)).toEqual([1, 1, 1, 1, 1]);
    expect(store.reads).toHaveLength(2);
    await write(some(1));
    expect(await s.fresh(S)).toMatchObject({ revision: 2 });
  });

  it('a look for what is fresh that fails is told to those who shared it, and to nobody after', async () => {
    await write(some(1));
    const s = states();
    store.afterRead = () => Promise.reject(new Error('gone'));
    const first = s.fresh(S);
    const [second, third] = [s.fresh(S), s.fresh(S)];
    expect((await Promise.allSettled([first, second, third])).map((o) => o.status)).toEqual(['rejected', 'rejected', 'rejected']);
    store.afterRead = () => Promise.resolve();
    expect(await s.fresh(S)).toMatchObject({ revision: 0 });
  });

  it('who asks while a read fails is told so as well, and the next read works', async () => {
    await write(some(1));
    const s = states();
    store.afterRead = () => Promise.reject(new Error('gone'));
    const outcomes = await Promise.allSettled([s.load(S), s.load(S)]);
    expect(outcomes.map((o) => o.status)).toEqual(['rejected', 'rejected']);
    store.afterRead = () => Promise.resolve();
    expect(await s.load(S)).toMatchObject({ revision: 0 });
  });

  it('reads once, then only what is newer, page by page', async () => {
    await write(some(1_200));
    const s = states();
    expect(await s.refresh(S)).toMatchObject({ revision: 1_199, state: { sum: 1_200 }, eventId: (await at(1_199)).id });
    expect(s.eventsRead).toBe(1_200);
    await write(some(3));
    expect(await s.load(S)).toMatchObject({ revision: 1_199 });
    expect(await s.refresh(S)).toMatchObject({ revision: 1_202 });
    expect(s.eventsRead).toBe(1_203);
    expect(s.cached(S)).toMatchObject({ revision: 1_202 });
  });

  it.each([0, 2, 4])('rule 12: a state is not continued in a store that was set back under it, with %s other events since', async (others) => {
    const older = new MemoryEventStore();
    const first = some(1);
    await write(first);
    await write(some(2));
    await older.append(S, 'no-stream', first);
    if (others > 0) await older.append(S, 0, Array.from({ length: others }, () => added(10)));
    let now: EventStore = store;
    const reading = { readStream: (...args: Parameters<EventStore['readStream']>) => now.readStream(...args) };
    const s = new StreamStates(Object.assign(Object.create(store) as EventStore, reading), counterKind, { capacity: 100 });
    expect(await s.refresh(S)).toMatchObject({ revision: 2, state: { sum: 3 } });
    now = older;
    await expect(s.refresh(S)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await s.refresh(S)).toMatchObject({ revision: others, state: { sum: 1 + 10 * others } });
  });

  it('tells of every event that it folds from the store', async () => {
    const seen: number[] = [];
    const s = states({ observe: (e) => seen.push(e.revision) });
    await write(some(3));
    await s.refresh(S);
    await write(some(1));
    s.offer(await at(3));
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('takes what is offered in order; what it has already changes nothing', async () => {
    await write(some(2));
    const s = states();
    await s.refresh(S);
    await write([added(10), added(100)]);
    for (const revision of [0, 1, 2, 2, 3, 0]) s.offer(await at(revision));
    expect(s.cached(S)).toMatchObject({ revision: 3, state: { sum: 112 }, eventId: (await at(3)).id });
    expect(s.eventsRead).toBe(2);
  });

  it('an event offered with a gap before it forgets the stream', async () => {
    await write(some(2));
    const s = states();
    await s.refresh(S);
    await write(some(3));
    s.offer(await at(4));
    expect(s.cached(S)).toBeUndefined();
    expect(await s.load(S)).toMatchObject({ revision: 4 });
  });

  it('an event of a stream that is not kept is not folded', async () => {
    await write(some(1));
    const s = states();
    s.offer(await at(0));
    expect(s.cached(S)).toBeUndefined();
  });

  it('rule 6: an event that is offered while a read is under way is not missed', async () => {
    await write(some(3));
    const s = states();
    let go = (): void => undefined;
    let held = 0;
    store.afterRead = () => ((held += 1) === 1 ? new Promise<void>((resolve) => (go = resolve)) : Promise.resolve());
    const reading = s.load(S);
    await turns();
    // The page is read, and on its way. Meanwhile the subscription brings what came after it, and will not bring it again.
    await write([added(1_000)]);
    s.offer(await at(3));
    go();
    expect(await reading).toMatchObject({ revision: 3, state: { sum: 1_003 } });
    expect(s.cached(S)).toMatchObject({ revision: 3 });
    expect(store.reads).toHaveLength(2);
  });

  it('a read that has what was offered meanwhile looks no second time', async () => {
    await write(some(3));
    const s = states();
    store.afterRead = async () => {
      for (const revision of [0, 1, 2]) s.offer(await at(revision));
    };
    expect(await s.refresh(S)).toMatchObject({ revision: 2 });
    expect(store.reads).toHaveLength(1);
  });

  it('of several reads at once the newest state stays', async () => {
    await write(some(3));
    const s = states();
    const holds: (() => void)[] = [];
    store.afterRead = () => new Promise<void>((resolve) => holds.push(resolve));
    const early = s.refresh(S);
    await turns();
    await write(some(2));
    const late = s.refresh(S);
    await turns();
    holds[1]?.();
    expect(await late).toMatchObject({ revision: 4 });
    holds[0]?.();
    expect(await early).toMatchObject({ revision: 4 });
    expect(s.cached(S)).toMatchObject({ revision: 4, state: { sum: 5 } });
  });

  it('a failed read leaves nothing behind', async () => {
    await write(some(2));
    const s = states();
    store.afterRead = () => Promise.reject(new Error('gone'));
    await expect(s.refresh(S)).rejects.toThrow('gone');
    store.afterRead = () => Promise.resolve();
    expect(await s.refresh(S)).toMatchObject({ revision: 1 });
  });

  it('keeps a bounded number of streams, those used last', async () => {
    const s = states({ capacity: 3 });
    for (const stream of ['a', 'b', 'c']) {
      await write(some(1), stream);
      await s.load(stream);
    }
    s.cached('a');
    await write(some(1), 'd');
    await s.load('d');
    expect(['a', 'b', 'c', 'd'].map((stream) => s.cached(stream)?.revision)).toEqual([0, undefined, 0, 0]);
  });

  it('tells the state right after a revision', async () => {
    await write(some(700));
    const s = states();
    expect(await s.at(S, 0)).toMatchObject({ revision: 0, state: { sum: 1 } });
    expect(await s.at(S, 599)).toMatchObject({ revision: 599, state: { sum: 600 }, eventId: (await at(599)).id });
    expect(await s.at(S, 5_000)).toMatchObject({ revision: 699 });
    expect(await s.at('counter-none', 3)).toMatchObject({ revision: -1 });
    expect(s.cached(S)).toBeUndefined();
  });

  it('remembers of each command where its last event stands, and for which body', async () => {
    const [one, two] = [randomId(), randomId()];
    await counterProcess(store, { limit: 2 }).execute(add(2, { commandId: one, bodyDigest: 'b1' }));
    await counterProcess(store).execute(asked({ type: 'switch', on: false }, { commandId: two, bodyDigest: null }));
    const answers = new Map([[one, { revision: 1, bodyDigest: 'b1' }], [two, { revision: 2, bodyDigest: null }]]);
    expect((await states().refresh(S)).answers).toEqual(answers);
    const s = states();
    await s.refresh(S);
    expect(s.cached(S)?.answers).toEqual(answers);
  });

  it('an event that is not remembered is the end of an answer only right behind it', async () => {
    const commandId = randomId();
    await write([added(1, commandId), added(1), { ...added(0, commandId), type: 'c.filled.v1', data: {} }]);
    expect((await states().refresh(S)).answers.get(commandId)).toEqual({ revision: 0, bodyDigest: null });
  });

  describe('snapshots', () => {
    /** Of most events nothing is remembered, as of orders (rule 4). */
    const few: typeof counterKind = { ...counterKind, remembers: (e) => e.type === 'c.switched.v1' };

    it(`are made when ${SNAPSHOT_EVERY} events were folded since the last one`, async () => {
      const s = states();
      await write(some(SNAPSHOT_EVERY - 1));
      await s.refresh(S);
      expect(saved).toEqual([]);
      await write(some(1));
      await s.refresh(S);
      expect(saved.map((x) => x.revision)).toEqual([SNAPSHOT_EVERY - 1]);
      for (let i = 0; i < 2 * SNAPSHOT_EVERY; i += 1) {
        await write(some(1));
        s.offer(await at(SNAPSHOT_EVERY + i));
      }
      expect(saved.map((x) => x.revision)).toEqual([1, 2, 3].map((n) => n * SNAPSHOT_EVERY - 1));
      expect(saved[0]).toMatchObject({ stream: S, eventId: (await at(SNAPSHOT_EVERY - 1)).id, version: 'counter/1' });
    });

    it('after a restart the state is that of the snapshot and what came since: of 10,000 events at most 300 are read', async () => {
      await counterProcess(store).execute(asked({ type: 'switch', on: false }));
      await write(some(9_999));
      await states({ kind: few }).refresh(S);
      await write(some(150));
      const s = states({ kind: few });
      const after = await s.refresh(S);
      expect(after).toEqual(await new StreamStates(store.inner, few, { capacity: 1 }).refresh(S));
      expect(after).toMatchObject({ revision: 10_149, state: { sum: 10_149, on: false } });
      expect(after.answers.size).toBe(1);
      expect(s.eventsRead).toBeLessThanOrEqual(300);
    });

    it('whatever the length of a stream that was followed, at most 300 events are read after a restart', async () => {
      await write(some(5));
      const first = states({ kind: few });
      await first.refresh(S);
      for (let i = 5; i < 1_000; i += 1) {
        await write(some(1));
        if (i % 3 === 0) await first.refresh(S);
        else first.offer(await at(i));
        if (i % 97 !== 0) continue;
        const restarted = states({ kind: few });
        expect(await restarted.refresh(S)).toMatchObject({ revision: i });
        expect(restarted.eventsRead).toBeLessThanOrEqual(300);
      }
    });

    it('of another version, of an event that is not there, or of another event there, are not used', async () => {
      await write(some(400));
      await states().refresh(S);
      const good = snapshots.get(S);
      if (good === undefined) throw new Error('no snapshot');
      const whole = await new StreamStates(store.inner, counterKind, { capacity: 1 }).refresh(S);
      const wrong = JSON.stringify({ state: { sum: 9, on: true, full: false }, answers: [] });
      for (const snapshot of [{ ...good, version: 'counter/0' }, { ...good, revision: 400 }, { ...good, revision: 398 }, { ...good, eventId: randomId() }]) {
        snapshots.set(S, { ...snapshot, state: wrong });
        expect(await states().refresh(S)).toEqual(whole);
      }
      snapshots.set(S, { ...good, state: wrong });
      expect((await states().refresh(S)).state.sum).toBe(9);
    });

    it('are not needed', async () => {
      await write(some(450));
      const s = new StreamStates(store, counterKind, { capacity: 1 });
      expect(await s.refresh(S)).toMatchObject({ revision: 449 });
      expect(saved).toEqual([]);
    });

    it('the executor works over them', async () => {
      const again = { commandId: randomId() };
      const before = counterProcess(store, { snapshots: snapshotStore });
      await before.execute(add(7, again));
      for (let i = 0; i < 3; i += 1) await Promise.all(some(150).map(() => before.execute(add(1))));
      const restarted = counterProcess(store, { snapshots: snapshotStore });
      expect(await restarted.execute(add(7, again))).toMatchObject({ repeated: true, folded: { revision: 0, state: { sum: 7 } } });
      expect(await restarted.execute(add(1))).toMatchObject({ repeated: false, folded: { revision: 451 } });
    });
  });
});
