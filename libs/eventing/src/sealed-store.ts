import type { EventStore } from './event-store.port.js';

/** What is said of a store itself. */
export const STORE_STREAM = 'store-main';
/** The last event of a store whose history was moved to another one. */
export const STORE_SEALED = 'store.sealed.v1';
export interface StoreSealed {
  /** Id of the store in which it goes on. */
  readonly movedTo: string;
}

/** The history of this store goes on in another one: nothing is decided, written or signed here any more. Its message is one line, fit for an operator. */
export class SealedStoreError extends Error {
  override readonly name = 'SealedStoreError';
}

/** Far more than what is ever said of a store. */
const MAX_EVENTS = 500;

/** To be called before anything else is done with a store (rule 17). @throws SealedStoreError when its history was moved away */
export async function refuseSealed(store: EventStore): Promise<void> {
  const said = await store.readStream(STORE_STREAM, { limit: MAX_EVENTS, direction: 'backward' });
  if (said.some((event) => event.type === STORE_SEALED)) throw new SealedStoreError('the event store is sealed: its history was moved to another store, which the configuration has to name');
}
