import { join } from 'node:path';
import { startPostgres } from '#test/fixtures/postgres.js';
import type { PostgresServer } from '#test/fixtures/postgres.js';
import { freePort } from './listen.js';
import { ServiceProcess } from './service-process.js';

/** What a service under test keeps its events and its rows in. */
export interface Stores {
  readonly eventStore: 'embedded' | 'esdb';
  readonly readModel: 'embedded' | 'postgres';
}

/** For what only they have: files of their own. */
export const EMBEDDED: Stores = { eventStore: 'embedded', readModel: 'embedded' };

const oneOf = <W extends string>(variable: string, ...words: readonly [W, ...W[]]): W => {
  const given = process.env[variable] ?? words[0];
  const known = words.find((word) => word === given);
  if (known === undefined) throw new Error(`${variable}: must be ${words.join(' or ')}`);
  return known;
};

/** What the suite is run for: TEST_EVENT_STORE=esdb, TEST_READ_MODEL=postgres, TEST_PROCESSES=several. */
export const TESTED = {
  stores: { eventStore: oneOf('TEST_EVENT_STORE', 'embedded', 'esdb'), readModel: oneOf('TEST_READ_MODEL', 'embedded', 'postgres') } satisfies Stores,
  processes: oneOf('TEST_PROCESSES', 'one', 'several'),
} as const;

const UP_WITHIN_MS = 20_000;

/** The facade of EventStoreDB in a process of its own: like a server, it lives on when the service ends. */
export interface EventStoreServer {
  readonly url: string;
  readonly process: ServiceProcess;
  /** Where its faults are ordered. */
  readonly control: string;
  /** Starts it (again), on the same port and data. */
  up(): Promise<void>;
}

/** @param dir where it keeps its data @param logs folder for what it prints */
export async function eventStoreServer(dir: string, logs: string): Promise<EventStoreServer> {
  const port = await freePort();
  const controlPort = await freePort();
  const process = new ServiceProcess('event-store', {
    entry: 'test/event-store-facade/main', args: ['--port', String(port), '--control-port', String(controlPort), '--dir', dir], cwd: logs, out: join(logs, 'event-store.log'), err: join(logs, 'event-store.log'),
  });
  const control = `http://127.0.0.1:${controlPort}`;
  const server: EventStoreServer = {
    url: `esdb://127.0.0.1:${port}?tls=false`,
    process,
    control,
    async up() {
      process.spawn({});
      for (const until = performance.now() + UP_WITHIN_MS; ; await new Promise((resolve) => setTimeout(resolve, 25))) {
        if (await fetch(control, { signal: AbortSignal.timeout(2_000) }).then(() => true, () => false)) return;
        if (process.end !== null || performance.now() > until) throw new Error(`the event store's facade did not start (${process.end})`);
      }
    },
  };
  await server.up();
  return server;
}

const servers = new Map<boolean, Promise<PostgresServer>>();

/** The PostgreSQL of this process's own. @param durable flushes what it commits, as a ledger asks for: another one */
export function databaseServer({ durable = false } = {}): Promise<PostgresServer> {
  const server = servers.get(durable) ?? startPostgres({ fsync: durable });
  servers.set(durable, server);
  return server;
}

/** A fresh database of it. */
export const freshDatabase = async (which: { readonly durable?: boolean } = {}): Promise<string> => (await databaseServer(which)).database();
