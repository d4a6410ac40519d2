import { randomUUID } from 'node:crypto';
import { AppendTooLargeError, ConflictError, MAX_APPEND_BYTES } from '../event-store.port.js';
import type { EventStore, ExpectedRevision, NewEvent } from '../event-store.port.js';
import { asRecorded, idsOf, positionOf, someEvent, someEvents, someStream, withStore } from './contract-setup.js';
import type { OpenStore } from './opened-store.js';

const refused = async (store: EventStore, stream: string, expected: ExpectedRevision, events: readonly NewEvent[], actual: number | undefined): Promise<void> => {
  const before = await store.readStream(stream, { limit: 1_000 });
  const error: unknown = await store.append(stream, expected, events).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConflictError);
  expect(error).toMatchObject({ stream, expected, actual });
  expect(await store.readStream(stream, { limit: 1_000 })).toEqual(before);
};

export const appendContract = (open: OpenStore): void => {
  it('begins a stream at no-stream and goes on at the exact revision', withStore(open, async (store) => {
    const stream = someStream();
    const [first, second] = [someEvents(2), someEvents(3)];
    const begun = await store.append(stream, 'no-stream', first);
    expect(begun).toEqual({ revision: 1, position: await positionOf(store, stream, 1) });
    const gone = await store.append(stream, 1, second);
    expect(gone).toEqual({ revision: 4, position: await positionOf(store, stream, 4) });
    expect(gone.position).toBeGreaterThan(begun.position);
    expect(await store.readStream(stream, { limit: 100 })).toEqual(asRecorded(stream, 0, [...first, ...second]));
  }));

  it('keeps data and metadata as they are', withStore(open, async (store) => {
    const stream = someStream();
    const data = { text: 'Ünïcødé 🔑 \u0000 \u2028 "\\', nested: [null, true, -1.5e-7, { empty: {} }], big: 'x'.repeat(100_000) };
    const event = { ...someEvent(data), metadata: { commandId: 'c', actor: { issuer: 'https://idp.example', subject: 'Ada "A" Lovelace' }, at: '2026-01-02T03:04:05.678Z' } };
    await store.append(stream, 'no-stream', [event]);
    expect(await store.readStream(stream, { limit: 1 })).toEqual(asRecorded(stream, 0, [event]));
  }));

  it('refuses no-stream where there is one, and says where it stands', withStore(open, async (store) => {
    const stream = someStream();
    await store.append(stream, 'no-stream', someEvents(3));
    await refused(store, stream, 'no-stream', someEvents(1), 2);
    await refused(store, stream, 0, someEvents(1), 2);
  }));

  it('refuses an expectation beyond the head, also of a missing stream', withStore(open, async (store) => {
    const stream = someStream();
    await refused(store, stream, 0, someEvents(1), undefined);
    await store.append(stream, 'no-stream', someEvents(2));
    await refused(store, stream, 2, someEvents(1), 1);
    await refused(store, stream, 7, someEvents(1), 1);
  }));

  it('answers a resend with the original outcome, also after later events and a reopening', withStore(open, async (store, opened) => {
    const stream = someStream();
    const [first, second, third] = [someEvents(2), someEvents(3), someEvents(1)];
    const begun = await store.append(stream, 'no-stream', first);
    expect(await store.append(stream, 'no-stream', first)).toEqual(begun);
    const gone = await store.append(stream, 1, second);
    await store.append(stream, 4, third);
    const again = async (at: EventStore): Promise<void> => {
      expect(await at.append(stream, 'no-stream', first)).toEqual(begun);
      expect(await at.append(stream, 1, second)).toEqual(gone);
      // Ids alone are compared.
      expect(await at.append(stream, 1, second.map((event) => ({ ...event, data: 'other' })))).toEqual(gone);
      expect(await at.readStream(stream, { limit: 100 })).toEqual(asRecorded(stream, 0, [...first, ...second, ...third]));
    };
    await again(store);
    if (opened.reopen !== undefined) await again(await opened.reopen());
  }));

  it('takes a part of what was written, from its first event, for a resend', withStore(open, async (store) => {
    const stream = someStream();
    const events = someEvents(4);
    await store.append(stream, 'no-stream', events);
    expect(await store.append(stream, 'no-stream', events.slice(0, 2))).toEqual({ revision: 1, position: await positionOf(store, stream, 1) });
    expect(await store.append(stream, 0, events.slice(1, 3))).toEqual({ revision: 2, position: await positionOf(store, stream, 2) });
    expect(await store.readStream(stream, { limit: 100 })).toHaveLength(4);
  }));

  it('refuses what only begins like a resend, or runs past the head', withStore(open, async (store) => {
    const stream = someStream();
    const events = someEvents(3);
    await store.append(stream, 'no-stream', events);
    await refused(store, stream, 'no-stream', [...events.slice(0, 2), someEvent()], 2);
    await refused(store, stream, 'no-stream', [someEvent(), ...events.slice(1)], 2);
    await refused(store, stream, 'no-stream', [...events, someEvent()], 2);
    await refused(store, stream, 0, events, 2);
    await refused(store, stream, 'no-stream', [...events].reverse(), 2);
  }));

  it('stores an id a second time at the right revision', withStore(open, async (store) => {
    const stream = someStream();
    const event = someEvent();
    await store.append(stream, 'no-stream', [event]);
    expect(await store.append(stream, 0, [event])).toMatchObject({ revision: 1 });
    expect(await store.append(stream, 1, [event, event])).toMatchObject({ revision: 3 });
    await store.append(someStream(), 'no-stream', [event]);
    expect(idsOf(await store.readStream(stream, { limit: 10 }))).toEqual(Array(4).fill(event.id));
  }));

  it('refuses an empty append', withStore(open, async (store) => {
    const stream = someStream();
    await expect(store.append(stream, 'no-stream', [])).rejects.toBeInstanceOf(TypeError);
    expect(await store.readStream(stream, { limit: 1 })).toEqual([]);
  }));

  it('takes just less than the limit, and refuses what is over it before sending', withStore(open, async (store) => {
    const stream = someStream();
    const big = someEvent('x'.repeat(MAX_APPEND_BYTES));
    await expect(store.append(stream, 'no-stream', [big])).rejects.toBeInstanceOf(AppendTooLargeError);
    // The bytes of all events, in UTF-8, count together.
    const halves = [someEvent('ä'.repeat(MAX_APPEND_BYTES / 4)), someEvent('ä'.repeat(MAX_APPEND_BYTES / 4))];
    await expect(store.append(stream, 'no-stream', halves)).rejects.toBeInstanceOf(AppendTooLargeError);
    expect(await store.readStream(stream, { limit: 1 })).toEqual([]);
    const fits = someEvent('x'.repeat(MAX_APPEND_BYTES - 1_000));
    expect(await store.append(stream, 'no-stream', [fits])).toMatchObject({ revision: 0 });
    expect(await store.readStream(stream, { limit: 1 })).toEqual(asRecorded(stream, 0, [fits]));
  }));

  it('lets exactly one of 20 writers win a revision', withStore(open, async (store) => {
    const stream = someStream();
    await store.append(stream, 'no-stream', someEvents(1));
    for (let head = 0; head < 5; head += 1) {
      const writers = Array.from({ length: 20 }, () => [someEvent()]);
      const outcomes = await Promise.allSettled(writers.map((events) => store.append(stream, head, events)));
      const winners = writers.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConflictError);
      expect(await store.readStream(stream, { from: head + 1, limit: 100 })).toEqual(asRecorded(stream, head + 1, winners.flat()));
    }
  }));

  it('rule 1: two takers of a lock stream, one goes on', withStore(open, async (store) => {
    for (let round = 0; round < 20; round += 1) {
      const lock = someStream();
      const takers = ['first', 'second'].map((taker) => [someEvent({ taker }, randomUUID())]);
      const outcomes = await Promise.allSettled(takers.map((events) => store.append(lock, 'no-stream', events)));
      const holders = takers.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(holders).toHaveLength(1);
      expect(await store.readStream(lock, { limit: 10 })).toEqual(asRecorded(lock, 0, holders.flat()));
    }
  }));

  it('keeps many writers on many streams apart', withStore(open, async (store) => {
    const streams = Array.from({ length: 30 }, () => someStream());
    await Promise.all(streams.map(async (stream) => {
      let expected: ExpectedRevision = 'no-stream';
      for (let n = 0; n < 10; n += 1) expected = (await store.append(stream, expected, [someEvent({ n })])).revision;
    }));
    for (const stream of streams) expect((await store.readStream(stream, { limit: 100 })).map((event) => event.data)).toEqual(Array.from({ length: 10 }, (_, n) => ({ n })));
  }));
};
