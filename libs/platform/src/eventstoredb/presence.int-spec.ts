import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { PRESENCE_SILENT_MS } from '#eventing/presence.port.js';
import type { PresenceReport } from '#eventing/presence.port.js';
import { startFacade } from '#test/event-store-facade/facade.js';
import type { Facade } from '#test/event-store-facade/facade.js';
import { BoundClient } from './client.js';
import { parseConnectionString } from './connection-string.js';
import { openEventStoreDB } from './eventstoredb.js';
import type { OpenedEventStoreDB } from './eventstoredb.js';
import { PRESENCE_MAX_AGE_S, PRESENCE_MAX_COUNT } from './limits.js';
import { EventStoreDBPresence } from './presence.js';
import { Reads } from './reads.js';
import { PRESENCE_STREAM } from './stream-names.js';

const report = (name: string, down: string | null = null): PresenceReport => ({ kind: 'worker', name, incarnation: `of ${name}`, down, at: '2026-01-02T03:04:05.678Z' });

describe('presence over EventStoreDB', () => {
  let facade: Facade;
  let one: OpenedEventStoreDB;
  let other: OpenedEventStoreDB;
  let bare: EventStoreDBClient;
  const stop = { signal: new AbortController() };
  beforeEach(async () => {
    facade = await startFacade({ port: 0 });
    [one, other] = [openEventStoreDB(facade), openEventStoreDB(facade)];
    bare = EventStoreDBClient.connectionString(facade.url);
    stop.signal = new AbortController();
  });
  afterEach(async () => {
    stop.signal.abort();
    await bare.dispose();
    await one.close();
    await other.close();
    await facade.close();
  });
  const following = (presence: { follow: OpenedEventStoreDB['presence']['follow'] }): { readonly heard: PresenceReport[]; readonly done: Promise<void>; readonly until: (name: string) => Promise<void> } => {
    const heard: PresenceReport[] = [];
    const done = presence.follow((said) => heard.push(said), stop.signal.signal);
    const until = async (name: string): Promise<void> => {
      while (!heard.some((said) => said.name === name)) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    return { heard, done, until };
  };

  it('hands over what was told lately and what is told from now on', async () => {
    await one.presence.report(report('a', 'no HSM'));
    await one.presence.report(report('b'));
    const { heard, done, until } = following(other.presence);
    await until('b');
    await one.presence.report(report('c'));
    await until('c');
    expect(heard).toEqual([report('a', 'no HSM'), report('b'), report('c')]);
    stop.signal.abort();
    await done;
  });

  it('begins before anybody has said anything', async () => {
    const { heard, until } = following(other.presence);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await one.presence.report(report('a'));
    await until('a');
    expect(heard).toEqual([report('a')]);
  });

  it('leaves out at the beginning what is as old as silence, and whatever is no report', async () => {
    await one.presence.report(report('old'));
    await bare.appendToStream(PRESENCE_STREAM, [jsonEvent({ type: 'presence-reported', data: { kind: 'cat', name: 'x' } }), jsonEvent({ type: 'other', data: {} })]);
    const client = new BoundClient(parseConnectionString(facade.url));
    const late = new EventStoreDBPresence(() => client, new Reads(() => client), () => Date.now() + PRESENCE_SILENT_MS + 1_000);
    const { heard, until } = following(late);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(heard).toEqual([]);
    await one.presence.report(report('new'));
    await until('new');
    expect(heard).toEqual([report('new')]);
    stop.signal.abort();
    await client.end();
  });

  it.each(['unavailable', 'too-slow', 'cut', 'end'] as const)('follows on after each break (%s)', async (as) => {
    const { until, done } = following(other.presence);
    await one.presence.report(report('first'));
    await until('first');
    facade.control.add({ on: 'event', stream: PRESENCE_STREAM, action: { kind: 'drop-subscription', as } });
    // Clients of one process may share a connection. What can't be told is told the next time.
    const tell = async (name: string): Promise<void> => {
      while (!(await one.presence.report(report(name)).then(() => true, () => false)));
    };
    await tell('second');
    await until('second');
    facade.control.down(200);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await tell('third');
    await until('third');
    stop.signal.abort();
    await done;
  });

  it('survives a listener that fails', async () => {
    let calls = 0;
    const done = other.presence.follow(() => {
      if ((calls += 1) === 1) throw new Error('not now');
    }, stop.signal.signal);
    await one.presence.report(report('a'));
    while (calls < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.signal.abort();
    await done;
  });

  it('lets the server keep the stream short, whoever comes first', async () => {
    await Promise.all([one, other, one, other].map(({ presence }, n) => presence.report(report(String(n)))));
    expect(await bare.getStreamMetadata(PRESENCE_STREAM)).toMatchObject({ metadata: { maxAge: PRESENCE_MAX_AGE_S, maxCount: PRESENCE_MAX_COUNT } });
    expect(await one.store.readAll({ limit: 10 })).toEqual([]);
  });

  it('says that it could not tell, and ends when told to while the store is down', async () => {
    facade.control.down(60_000);
    await expect(one.presence.report(report('a'))).rejects.toBeInstanceOf(StoreUnavailableError);
    const { done } = following(other.presence);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const aborted = performance.now();
    stop.signal.abort();
    await done;
    expect(performance.now() - aborted).toBeLessThan(1_000);
    facade.control.clear();
  });
});
