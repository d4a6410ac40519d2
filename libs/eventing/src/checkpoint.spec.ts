import { checkpointAt, CheckpointLostError, resumeAfter } from './checkpoint.js';
import type { RecordedEvent } from './event-store.port.js';
import { randomId } from './ids.js';
import { MemoryEventStore } from './testing/memory-event-store.js';

describe('rule 12: checkpoints', () => {
  let store: MemoryEventStore;
  let event: RecordedEvent;
  beforeEach(async () => {
    store = new MemoryEventStore();
    const metadata = { commandId: randomId(), actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' };
    await store.append('x-1', 'no-stream', [1, 2].map((n) => ({ id: randomId(), type: 'x.v1', data: { n }, metadata })));
    const [first] = await store.readStream('x-1', { limit: 1 });
    if (first === undefined) throw new Error('no event');
    event = first;
  });

  it('none: from the beginning', async () => expect(await resumeAfter(store, 'p', undefined)).toBeUndefined());

  it('one that is found again: after it', async () => {
    const checkpoint = checkpointAt(await store.storeId(), event);
    expect(checkpoint).toEqual({ storeId: await store.storeId(), position: event.position.toString(), eventId: event.id });
    expect(JSON.parse(JSON.stringify(checkpoint))).toEqual(checkpoint);
    expect(await resumeAfter(store, 'p', checkpoint)).toBe(event.position);
  });

  it('of a position beyond 2^53 keeps every digit', () => expect(checkpointAt('s', { position: 9_007_199_254_740_993n, id: 'e' }).position).toBe('9007199254740993'));

  it.each([
    ['another store', { storeId: randomId() }],
    ['another event at its position', { eventId: randomId() }],
    ['no event at its position', { position: '1000000' }],
  ])('%s: lost', async (_, other) => {
    const checkpoint = { ...checkpointAt(await store.storeId(), event), ...other };
    const lost: unknown = await resumeAfter(store, 'projection', checkpoint).catch((error: unknown) => error);
    expect(lost).toBeInstanceOf(CheckpointLostError);
    expect(lost).toMatchObject({ subscription: 'projection', checkpoint });
  });

  it('a copy of the store that ends before it: lost', async () => {
    const older = new MemoryEventStore();
    older.storeId = () => store.storeId();
    await expect(resumeAfter(older, 'p', checkpointAt(await store.storeId(), event))).rejects.toBeInstanceOf(CheckpointLostError);
  });
});
