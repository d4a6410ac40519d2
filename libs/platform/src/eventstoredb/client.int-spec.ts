import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import { someEvent, someStream } from '#eventing/testing/contract-setup.js';
import { openEventStoreDB } from './eventstoredb.js';
import type { OpenedEventStoreDB } from './eventstoredb.js';
import { startRecordingServer } from './testing/recording-server.js';
import type { RecordingServer } from './testing/recording-server.js';

const SECRET = 'h0rse-battery';
/** A port at which nobody listens. */
const deadPort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

describe('the client of EventStoreDB', () => {
  const opened: { close(): unknown }[] = [];
  const serve = async (options?: Parameters<typeof startRecordingServer>[0]): Promise<RecordingServer> => {
    const server = await startRecordingServer(options);
    opened.push(server);
    return server;
  };
  const open = (url: string, more: { readonly appendDeadlineMs?: number; readonly readTimeoutMs?: number } = {}): OpenedEventStoreDB => {
    const adapter = openEventStoreDB({ url, ...more });
    opened.unshift(adapter);
    return adapter;
  };
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  const methods = ({ calls }: RecordingServer): readonly string[] => calls.map(({ method }) => method);
  const append = (adapter: OpenedEventStoreDB): Promise<unknown> => adapter.store.append(someStream(), 'no-stream', [someEvent()]);

  it('appends by the classic call alone and asks for the leader, with whatever credentials', async () => {
    const plain = await serve();
    const secured = await serve({ tls: true });
    for (const url of [`esdb://localhost:${plain.port}?tls=false`, `esdb://u:${SECRET}@localhost:${plain.port}?tls=false`]) await append(open(url));
    for (const user of ['', `u:${SECRET}@`]) await append(open(`esdb://${user}localhost:${secured.port}?tlsCAFile=${secured.caFile}`));
    for (const { calls } of [plain, secured]) {
      expect(calls.map(({ method }) => method)).toEqual(['append', 'append']);
      expect(calls.map(({ metadata }) => metadata.get('requires-leader'))).toEqual([['true'], ['true']]);
    }
    const given = [...plain.calls, ...secured.calls].map(({ metadata }) => metadata.get('authorization'));
    expect(given).toEqual([[], [], [], [`Basic ${Buffer.from(`u:${SECRET}`).toString('base64')}`]]);
  });

  it('rule 18: reads and subscribes at the leader', async () => {
    const server = await serve();
    const { store } = open(`esdb://localhost:${server.port}?tls=false`);
    await store.readStream(someStream(), { limit: 1 });
    await store.readAll({ limit: 1 });
    for await (const message of store.subscribe({ signal: AbortSignal.timeout(10_000) })) {
      expect(message.kind).toBe('caught-up');
      break;
    }
    expect(methods(server).every((method) => method === 'read')).toBe(true);
    expect(server.calls.every(({ metadata }) => metadata.get('requires-leader')[0] === 'true')).toBe(true);
  });

  it('trusts no certificate that its CA file does not vouch for, and says why', async () => {
    const [server, other] = [await serve({ tls: true }), await serve({ tls: true })];
    const { store } = open(`esdb://u:${SECRET}@localhost:${server.port}?tlsCAFile=${other.caFile}`);
    const failure: unknown = await store.readStream(someStream(), { limit: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/certificate/) as unknown });
    expect(server.calls).toEqual([]);
  });

  it('tells its password to nobody: not in errors, not in what the client prints when it is debugged', async () => {
    const server = await serve({ tls: true, answer: (_, answered) => answered({ code: 13, details: `you said ${SECRET}` }) });
    const printed: unknown[] = [];
    const debug = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client'))('debug') as { enable(names: string): void; disable(): void; log: (...parts: unknown[]) => void };
    debug.log = (...parts) => printed.push(parts);
    debug.enable('esdb*');
    try {
      const { store } = open(`esdb://u:${SECRET}@localhost:${server.port}?tlsCAFile=${server.caFile}`);
      const failures = [await append({ store } as OpenedEventStoreDB).catch((error: unknown) => error), await store.readAt(3n)];
      expect(failures[0]).toBeInstanceOf(OutcomeUnknownError);
      expect(inspect(failures, { depth: 9, showHidden: true })).not.toContain(SECRET);
    } finally {
      debug.disable();
    }
    expect(printed.length).toBeGreaterThan(3);
    expect(inspect(printed, { depth: 20, maxStringLength: null })).not.toContain(SECRET);
  });

  it('finds the leader of a cluster, from several hosts or from one name', async () => {
    const leader = await serve();
    const follower = await serve({ members: (self) => [{ port: self, leader: false }, { port: leader.port, leader: true }] });
    for (const url of [`esdb://127.0.0.1:${follower.port},127.0.0.1:${await deadPort()}?tls=false&discoveryInterval=10`, `esdb+discover://localhost:${follower.port}?tls=false`]) await append(open(url));
    expect(new Set(methods(follower))).toEqual(new Set(['gossip']));
    expect(methods(leader).filter((method) => method !== 'gossip')).toEqual(['append', 'append']);
  });

  it('sends nothing while a cluster has no leader, and does not wait for one without end', async () => {
    const nobody = await deadPort();
    const { store, close } = open(`esdb://127.0.0.1:${nobody},localhost:${nobody}?tls=false&discoveryInterval=10&maxDiscoverAttempts=3`);
    await expect(append({ store } as OpenedEventStoreDB)).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.readAll({ limit: 1 })).rejects.toBeInstanceOf(StoreUnavailableError);
    const forEver = open(`esdb+discover://localhost:${nobody}?tls=false&discoveryInterval=100`);
    const started = performance.now();
    await expect(append(forEver)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(performance.now() - started).toBeLessThan(8_000);
    await close();
  });

  it('an append that fails while the cluster is asked for its leader does not end the process', async () => {
    const held: (() => void)[] = [];
    let asked = 0;
    const server = await serve({ answer: (_, answered) => held.push(() => answered({ code: 14, details: 'gone' })), members: (self) => ((asked += 1) === 1 ? [{ port: self, leader: true }] : []) });
    const adapter = open(`esdb+discover://127.0.0.1:${server.port}?tls=false&maxDiscoverAttempts=1`);
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', note);
    const until = async (condition: () => boolean): Promise<void> => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    try {
      const [first, second] = [append(adapter), append(adapter)].map((appended) => appended.catch((error: unknown) => error));
      await until(() => held.length === 2);
      held[0]?.();
      expect(await first).toBeInstanceOf(OutcomeUnknownError);
      // The connection was let go; now the cluster is asked and has no leader, and meanwhile the other one fails too.
      const third = append(adapter).catch((error: unknown) => error);
      await until(() => asked === 2);
      held[1]?.();
      expect(await second).toBeInstanceOf(OutcomeUnknownError);
      expect(await third).toBeInstanceOf(StoreUnavailableError);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('connects when it is first used, and once', async () => {
    const server = await serve();
    const adapter = open(`esdb://localhost:${server.port}?tls=false`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.calls).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, () => append(adapter)));
    expect(new Set(server.calls.map(({ metadata }) => String(metadata.get('connection-name')))).size).toBe(1);
  });

  it('closes while the server says nothing, and answers nothing after it', async () => {
    const server = await serve({ answer: () => undefined });
    const { store, close } = open(`esdb://localhost:${server.port}?tls=false`, { appendDeadlineMs: 500 });
    const appended = store.append(someStream(), 'no-stream', [someEvent({}, randomUUID())]).catch((error: unknown) => error);
    while (server.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const started = performance.now();
    await close();
    expect(performance.now() - started).toBeLessThan(4_500);
    expect(await appended).toBeInstanceOf(OutcomeUnknownError);
    await expect(store.readAll({ limit: 1 })).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.append(someStream(), 'no-stream', [someEvent()])).rejects.toBeInstanceOf(StoreUnavailableError);
    const never = open(`esdb://localhost:${server.port}?tls=false`);
    await never.close();
  });
});
