import type { NewEvent } from './event-store.port.js';
import { randomId } from './ids.js';
import type { Snapshot, SnapshotStore } from './snapshot-store.port.js';
import { SNAPSHOT_EVERY, StreamStates } from './stream-states.js';
import { add, COUNTER, counterKind, counterProcess } from './testing/counter.js';
import { ExchangeableStore } from './testing/exchangeable-store.js';
import { FaultyEventStore } from './testing/faulty-event-store.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

const added = (n: number): NewEvent => ({ id: randomId(), type: 'c.added.v1', data: { n, pad: '' }, metadata: { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' } });
/** More events than this are not read at once here. */
const ALL = 1_000;

describe('states of a store that was doubted', () => {
  let older: MemoryEventStore;
  let store: ExchangeableStore;
  beforeEach(async () => {
    const first = added(1);
    const newer = new MemoryEventStore();
    older = new MemoryEventStore();
    await newer.append(COUNTER, 'no-stream', [first, added(100), added(100)]);
    await older.append(COUNTER, 'no-stream', [first, added(10), added(10)]);
    store = new ExchangeableStore(newer);
  });
  const truth = async (): Promise<number> => (await older.readStream(COUNTER, { limit: ALL })).reduce((sum, { data }) => sum + (data as { readonly n: number }).n, 0);

  it('rule 12: a command is not decided on what was known before', async () => {
    const counter = counterProcess(store);
    expect((await counter.states.refresh(COUNTER)).state.sum).toBe(201);
    store.exchange(older);
    counter.states.doubt();
    expect(counter.states.cached(COUNTER)).toBeUndefined();
    expect((await counter.execute(add(1))).folded.state.sum).toBe(22);
    expect(await truth()).toBe(22);
  });

  it('rule 12: what was decided before and is written after is not kept', async () => {
    const slow = new FaultyEventStore(store);
    const counter = counterProcess(slow);
    await counter.states.refresh(COUNTER);
    slow.beforeAppend = () => {
      store.exchange(older);
      counter.states.doubt();
      return Promise.resolve();
    };
    await counter.execute(add(1));
    slow.beforeAppend = () => Promise.resolve();
    expect((await counter.states.load(COUNTER)).state.sum).toBe(await truth());
  });

  it('rule 12: a read that was under way begins anew', async () => {
    const slow = new FaultyEventStore(store);
    const states = new StreamStates(slow, counterKind, { capacity: 10 });
    slow.afterRead = () => {
      if (slow.reads.length > 1) return Promise.resolve();
      store.exchange(older);
      states.doubt();
      return Promise.resolve();
    };
    expect((await states.refresh(COUNTER)).state.sum).toBe(21);
    expect((await states.load(COUNTER)).state.sum).toBe(21);
  });

  it('rule 12: a stream that was found to be another doubts all of them', async () => {
    const OTHER = 'counter-2';
    const [first] = await older.readStream(COUNTER, { limit: 1 });
    if (first === undefined) throw new Error('no event');
    await store.append(OTHER, 'no-stream', [added(1)]);
    const states = new StreamStates(store, counterKind, { capacity: 10 });
    await Promise.all([states.refresh(COUNTER), states.refresh(OTHER)]);
    store.exchange(older);
    await expect(states.refresh(COUNTER)).rejects.toThrow('not there any more');
    expect(states.cached(OTHER)).toBeUndefined();
  });

  it('rule 12: an event that another stands in the place of forgets the stream', async () => {
    const states = new StreamStates(store, counterKind, { capacity: 10 });
    await states.refresh(COUNTER);
    store.exchange(older);
    await older.append(COUNTER, 2, [added(10)]);
    for (const event of await older.readStream(COUNTER, { limit: ALL })) states.offer(event);
    expect((await states.load(COUNTER)).state.sum).toBe(await truth());
  });

  it('is snapshotted as often as before, however long the stream was that was lost', async () => {
    const kept = new Map<string, Snapshot>();
    const snapshots: SnapshotStore = { load: (stream) => kept.get(stream), save: (snapshot) => void kept.set(snapshot.stream, snapshot) };
    await store.append(COUNTER, 2, Array.from({ length: 5 * SNAPSHOT_EVERY }, () => added(1)));
    const counter = counterProcess(store, { snapshots });
    await counter.states.refresh(COUNTER);
    store.exchange(older);
    counter.states.doubt();
    for (let n = 0; n < SNAPSHOT_EVERY; n += 1) await counter.execute(add(1));
    expect(kept.get(COUNTER)?.revision).toBe(SNAPSHOT_EVERY - 1);
  });

  it('rule 12: no snapshot is made of what continues it', async () => {
    const kept = new Map<string, Snapshot>();
    const snapshots: SnapshotStore = { load: (stream) => kept.get(stream), save: (snapshot) => void kept.set(snapshot.stream, snapshot) };
    const counter = counterProcess(store, { snapshots });
    await counter.states.refresh(COUNTER);
    store.exchange(older);
    counter.states.doubt();
    for (let n = 0; n < SNAPSHOT_EVERY + 5; n += 1) await counter.execute(add(1));
    expect(kept.size).toBe(1);
    expect((await counterProcess(store, { snapshots }).states.refresh(COUNTER)).state.sum).toBe(await truth());
  });
});
