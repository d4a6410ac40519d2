import { EventStoreDBClient } from '@eventstore/db-client';
import { Metadata } from '@grpc/grpc-js';
import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { idsOf, positionOf, someEvent, someEvents, someStream } from '#eventing/testing/contract-setup.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import type { Facade } from '#test/event-store-facade/facade.js';
import { Appends } from './appends.js';
import { BoundClient } from './client.js';
import { parseConnectionString } from './connection-string.js';
import { openEventStoreDB } from './eventstoredb.js';
import type { OpenedEventStoreDB } from './eventstoredb.js';
import { RESEND_GAP_MS } from './limits.js';
import { startRecordingServer, success, wrongVersion } from './testing/recording-server.js';

/** As the port has it: the identical batch is sent again until its outcome is known. */
const sendUntilKnown = async (store: EventStore, stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult & { readonly sent: number }> => {
  for (let sent = 1; ; sent += 1) {
    try {
      return { ...(await store.append(stream, expected, events)), sent };
    } catch (error) {
      if (!(error instanceof OutcomeUnknownError) || sent > 50) throw error;
    }
  }
};

describe('appends to EventStoreDB', () => {
  let facade: Facade;
  let adapter: OpenedEventStoreDB;
  let bare: EventStoreDBClient;
  beforeAll(async () => {
    facade = await startFacade({ port: 0 });
    adapter = openEventStoreDB({ url: facade.url, appendDeadlineMs: 400 });
    bare = EventStoreDBClient.connectionString(facade.url);
  });
  afterEach(() => facade.control.clear());
  afterAll(async () => {
    await bare.dispose();
    await adapter.close();
    await facade.close();
  });

  it.each([
    ['cut before the commit', { kind: 'cut', when: 'before-commit' }],
    ['cut after the commit', { kind: 'cut', when: 'after-commit' }],
    ['never answered', { kind: 'drop' }],
    ['unavailable for a while', { kind: 'unavailable', ms: 150 }],
  ] as const)('an append that was %s has an unknown outcome, and its resend ends in exactly one copy', async (_, action) => {
    const stream = someStream();
    const events = someEvents(2);
    facade.control.add({ on: 'append', stream, action });
    await expect(adapter.store.append(stream, 'no-stream', events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    const { sent, ...result } = await sendUntilKnown(adapter.store, stream, 'no-stream', events);
    expect(sent).toBeGreaterThan(0);
    expect(result).toEqual({ revision: 1, position: await positionOf(adapter.store, stream, 1) });
    expect(idsOf(await adapter.store.readStream(stream, { limit: 10 }))).toEqual(idsOf(events));
  });

  it('an append to a server that is down has an unknown outcome; when it is back, resends are known', async () => {
    const stream = someStream();
    const events = someEvents(1);
    facade.control.down(700);
    const { sent, revision } = await sendUntilKnown(adapter.store, stream, 'no-stream', events);
    expect(revision).toBe(0);
    expect(sent).toBeGreaterThan(1);
    expect(await adapter.store.readStream(stream, { limit: 10 })).toHaveLength(1);
  });

  it('gives up waiting at its deadline', async () => {
    const stream = someStream();
    facade.control.add({ on: 'append', stream, action: { kind: 'drop' } });
    const started = performance.now();
    await expect(adapter.store.append(stream, 'no-stream', someEvents(1))).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(performance.now() - started).toBeGreaterThan(350);
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  it('an answer given twice is taken once, and the connection goes on', async () => {
    const stream = someStream();
    facade.control.add({ on: 'append', stream, action: { kind: 'twice' }, times: 0 });
    const outcomes = await Promise.allSettled([adapter.store.append(stream, 'no-stream', someEvents(1))]);
    facade.control.clear();
    expect(outcomes[0].status === 'fulfilled' || outcomes[0].reason instanceof OutcomeUnknownError).toBe(true);
    expect(await adapter.store.append(stream, 0, someEvents(1))).toMatchObject({ revision: 1 });
  });

  it('goes to the leader that another node names', async () => {
    const other = await startFacade({ port: 0 });
    const lost = openEventStoreDB({ url: other.url });
    try {
      const stream = someStream();
      const refused = other.control.add({ on: 'append', action: { kind: 'not-leader', host: '127.0.0.1', port: facade.port }, times: 0 });
      expect(await lost.store.append(stream, 'no-stream', someEvents(1))).toMatchObject({ revision: 0 });
      expect(await lost.store.append(stream, 0, someEvents(1))).toMatchObject({ revision: 1 });
      expect(other.control.fired(refused)).toBe(1);
      expect(await adapter.store.readStream(stream, { limit: 10 })).toHaveLength(2);
      facade.control.add({ on: 'append', action: { kind: 'not-leader', host: '127.0.0.1', port: other.port }, times: 0 });
      // Each names the other.
      await expect(lost.store.append(stream, 1, someEvents(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    } finally {
      await lost.close();
      await other.close();
    }
  });

  it('rule 1: a success on a deleted stream is no lock', async () => {
    const stream = someStream();
    await adapter.store.append(stream, 'no-stream', someEvents(3));
    await bare.deleteStream(stream);
    const taken = someEvents(1);
    await expect(adapter.store.append(stream, 'no-stream', taken)).rejects.toThrow(/revision 3 instead of 0/);
    // Nor is it one when it is sent again, or looked for.
    await expect(adapter.store.append(stream, 'no-stream', taken)).rejects.not.toBeInstanceOf(StoreUnavailableError);
    await expect(adapter.store.readStream(stream, { limit: 1 })).rejects.toThrow(/revision 0 is missing/);
  });

  it('a resend of what was deleted since is no success', async () => {
    const stream = someStream();
    const events = someEvents(2);
    await adapter.store.append(stream, 'no-stream', events);
    await bare.setStreamMetadata(stream, { truncateBefore: 2 }, { credentials: { username: 'a', password: 'b' } });
    await expect(adapter.store.append(stream, 'no-stream', events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    await bare.tombstoneStream(stream);
    await expect(adapter.store.append(stream, 1, someEvents(1))).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('refuses before sending what the server would misread', async () => {
    const before = facade.control.status().position;
    for (const [stream, event] of [['$system', someEvent()], ['countersign:presence', someEvent()], ['', someEvent()], ['s', someEvent({}, 'no-uuid')], ['s', someEvent({}, 'ABCDEF00-0000-4000-8000-000000000000')], ['s', { ...someEvent(), data: undefined }]] as const) {
      await expect(adapter.store.append(stream, 'no-stream', [event])).rejects.toBeInstanceOf(TypeError);
    }
    for (const revision of [-1, 0.5, Number.NaN]) await expect(adapter.store.append('s', revision, [someEvent()])).rejects.toBeInstanceOf(TypeError);
    expect(facade.control.status().position).toBe(before);
  });
});

describe('appends to a server that answers oddly', () => {
  it('never sends an append beside an identical one, and leaves a gap after its end', async () => {
    const held: (() => void)[] = [];
    const server = await startRecordingServer({ answer: (_, answered) => held.push(() => answered({ code: 14, details: 'gone' })) });
    const { store, close } = openEventStoreDB({ url: `esdb://127.0.0.1:${server.port}?tls=false` });
    const [stream, events] = [someStream(), someEvents(1)];
    const appends = [store.append(stream, 'no-stream', events), store.append(stream, 'no-stream', events)].map((append) => append.catch((error: unknown) => error));
    const until = async (count: number): Promise<void> => {
      while (held.length < count) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    await until(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(server.calls).toHaveLength(1);
    const ended = performance.now();
    held[0]?.();
    await until(2);
    expect((server.calls[1]?.at ?? 0) - ended).toBeGreaterThanOrEqual(RESEND_GAP_MS - 1);
    // Others do not wait for it.
    const other = store.append(someStream(), 'no-stream', events).catch((error: unknown) => error);
    await until(3);
    for (const release of held.slice(1)) release();
    expect((await Promise.all([...appends, other])).every((outcome) => outcome instanceof OutcomeUnknownError)).toBe(true);
    await close();
    server.close();
  });

  it.each([
    ['another revision', success(5, { commit: '9', prepare: '9' })],
    ['no position, and nothing there', success(0, undefined)],
    ['a position of all bits, and nothing there', success(0, { commit: '18446744073709551615', prepare: '18446744073709551615' })],
  ])('takes no success with %s', async (_, told) => {
    const server = await startRecordingServer({ answer: (__, answered) => answered(null, told) });
    const { store, close } = openEventStoreDB({ url: `esdb://127.0.0.1:${server.port}?tls=false` });
    await expect(store.append(someStream(), 'no-stream', someEvents(1))).rejects.toBeInstanceOf(OutcomeUnknownError);
    await close();
    server.close();
  });

  it('what is refused when it is sent again may have been written before', async () => {
    let answers = 0;
    const denied = new Metadata();
    denied.set('exception', 'access-denied');
    const server = await startRecordingServer({ answer: (_, answered) => answered((answers += 1) === 1 ? { code: 14, details: 'gone' } : { code: 7, details: 'no', metadata: denied }) });
    const { store, close } = openEventStoreDB({ url: `esdb://127.0.0.1:${server.port}?tls=false` });
    const [stream, events] = [someStream(), someEvents(1)];
    for (let unknown = 0; unknown < 3; unknown += 1) await expect(store.append(stream, 'no-stream', events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    await expect(store.append(stream, 'no-stream', someEvents(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(answers).toBe(4);
    await close();
    server.close();
  });

  it('keeps all 64 bits of a position', async () => {
    const server = await startRecordingServer({ answer: (_, answered) => answered(null, success(0, { commit: '9223372036854775807', prepare: '9223372036854775807' })) });
    const { store, close } = openEventStoreDB({ url: `esdb://127.0.0.1:${server.port}?tls=false` });
    expect(await store.append(someStream(), 'no-stream', someEvents(1))).toEqual({ revision: 0, position: 9_223_372_036_854_775_807n });
    await close();
    server.close();
  });

  it('believes a conflict after a resend only when what stands there is not its own', async () => {
    const seen = new Set<string>();
    // Every first append to a stream is lost; all others meet a conflict.
    const server = await startRecordingServer({ answer: ({ stream }, answered) => (seen.size < seen.add(stream).size ? answered({ code: 14, details: 'gone' }) : answered(null, wrongVersion(1))) });
    const client = new BoundClient(parseConnectionString(`esdb://127.0.0.1:${server.port}?tls=false`));
    const events = someEvents(2);
    const recorded = (sent: readonly NewEvent[]): readonly RecordedEvent[] => sent.map((event, revision) => ({ ...event, stream: 's', revision, position: BigInt(70 + revision) }));
    const resend = async (readBack: () => Promise<readonly RecordedEvent[]>): Promise<unknown> => {
      const appends = new Appends(() => client, readBack);
      const stream = someStream();
      await expect(appends.append(stream, 'no-stream', events)).rejects.toBeInstanceOf(OutcomeUnknownError);
      return await appends.append(stream, 'no-stream', events).catch((error: unknown) => error);
    };
    expect(await resend(() => Promise.resolve(recorded(events)))).toEqual({ revision: 1, position: 71n });
    expect(await resend(() => Promise.resolve(recorded(someEvents(2))))).toBeInstanceOf(ConflictError);
    expect(await resend(() => Promise.resolve([]))).toBeInstanceOf(ConflictError);
    // What could not be read back is not believed the next time either.
    let reads = 0;
    const appends = new Appends(() => client, () => ((reads += 1) === 1 ? Promise.reject(new StoreUnavailableError('down')) : Promise.resolve(recorded(events))));
    const stream = someStream();
    for (let unknown = 0; unknown < 2; unknown += 1) await expect(appends.append(stream, 'no-stream', events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(await appends.append(stream, 'no-stream', events)).toEqual({ revision: 1, position: 71n });
    // The first conflict of all is one, without a look.
    await expect(appends.append(stream, 'no-stream', someEvents(1))).rejects.toBeInstanceOf(ConflictError);
    expect(reads).toBe(2);
    await client.end();
    server.close();
  });
});
