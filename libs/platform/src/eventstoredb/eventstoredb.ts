import type { EventStore } from '#eventing/event-store.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { PresenceBoard } from '#eventing/presence.port.js';

export interface OpenedEventStoreDB {
  readonly store: EventStore;
  readonly presence: PresenceBoard;
  close: () => Promise<void>;
}

/** The event store over one client of EventStoreDB, made when it is first needed. @param url a connection string of the client: a secret, never logged */
export function openEventStoreDB(_options: { readonly url: string }): OpenedEventStoreDB {
  throw new StoreUnavailableError('not there yet');
}
