import type { EventStore } from '../event-store.port.js';

/** A store made ready for one test. */
export interface OpenedStore {
  readonly store: EventStore;
  /** Ends the store and opens it again over the same events, where this is possible; `store` is not used after it. */
  readonly reopen?: () => Promise<EventStore>;
  readonly close: () => Promise<void>;
}
export type OpenStore = () => Promise<OpenedStore>;
