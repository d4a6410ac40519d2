import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import type { EventStore } from '#eventing/event-store.port.js';
import type { PresenceBoard } from '#eventing/presence.port.js';
import type { Config } from '../config/config.js';
import { openEmbeddedLog } from '../embedded-log/embedded-log.js';
import { connectEmbeddedLog } from '../embedded-log/embedded-log-client.js';

/** How another thread of this process gets at the event store; can be posted to it. */
export type StoreTicket = { readonly kind: 'embedded'; readonly port: MessagePort } | { readonly kind: 'esdb'; readonly url: string };

/** What has to be transferred with a ticket. */
export const portsOf = (ticket: StoreTicket): readonly MessagePort[] => (ticket.kind === 'embedded' ? [ticket.port] : []);

export interface ConnectedEventStore {
  readonly store: EventStore;
  close: () => Promise<void>;
}
export interface OpenedEventStore extends ConnectedEventStore {
  /** For one more thread. */
  ticket(): StoreTicket;
  /** Resolves when it ended for good, without having been closed. */
  readonly failed: Promise<Error>;
}
export interface SharedEventStore extends ConnectedEventStore {
  readonly presence: PresenceBoard;
}

/** Loaded where it is configured: the client of EventStoreDB takes 30 MB in each thread. */
const eventStoreDB = async () => (await import('../eventstoredb/eventstoredb.js')).openEventStoreDB;

/** The event store of the configuration, for the process that owns its embedded form. @throws StoreUnavailableError */
export async function openEventStore({ eventStore, dataDir }: Pick<Config, 'eventStore' | 'dataDir'>): Promise<OpenedEventStore> {
  if (eventStore.kind === 'esdb') {
    const { store, close } = (await eventStoreDB())(eventStore);
    return { store, close, ticket: () => eventStore, failed: new Promise<Error>(() => undefined) };
  }
  const log = await openEmbeddedLog({ dir: join(dataDir, 'events') });
  return { store: log.store, close: () => log.close(), ticket: () => ({ kind: 'embedded', port: log.attach() }), failed: log.failed };
}

/** In the thread that was given the ticket. */
export async function connectEventStore(ticket: StoreTicket): Promise<ConnectedEventStore> {
  if (ticket.kind === 'esdb') return (await eventStoreDB())(ticket);
  const store = connectEmbeddedLog(ticket.port);
  return { store, close: () => Promise.resolve(store.close()) };
}

/** The event store of one of several processes, and where they hear of each other. */
export async function openSharedEventStore({ url }: { readonly url: string }): Promise<SharedEventStore> {
  return (await eventStoreDB())({ url });
}
