import { StoreUnavailableError } from '../event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '../event-store.port.js';
import { MemoryEventStore } from './memory-event-store.js';

/** A store that is exchanged for another under those who use it, as a server that comes back with an older copy of what it had, under the same id. */
export class ExchangeableStore implements EventStore {
  appends = 0;
  /** Messages of subscriptions that do not arrive before the store is exchanged. */
  lost: (message: SubscriptionMessage) => boolean = () => false;
  #connection = new AbortController();

  private now: EventStore;

  constructor(private readonly first: EventStore) {
    this.now = first;
  }

  /** From here on there is another store; who follows is told that the one before is gone. */
  exchange(store: EventStore): void {
    this.exchangeUnnoticed(store);
    const before = this.#connection;
    this.#connection = new AbortController();
    before.abort(new StoreUnavailableError('the server went away'));
  }

  /** Gone from here on for those who read and write, with nobody told: as between the end of a connection and the word of it. */
  exchangeUnnoticed(store: EventStore): void {
    this.now = store;
  }

  append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    this.appends += 1;
    return this.now.append(stream, expected, events);
  }
  readStream(...args: Parameters<EventStore['readStream']>): Promise<readonly RecordedEvent[]> {
    return this.now.readStream(...args);
  }
  readAll(...args: Parameters<EventStore['readAll']>): Promise<readonly RecordedEvent[]> {
    return this.now.readAll(...args);
  }
  readAt(position: Position): Promise<RecordedEvent | undefined> {
    return this.now.readAt(position);
  }
  storeId(): Promise<string> {
    return this.first.storeId();
  }
  async *subscribe(options: Parameters<EventStore['subscribe']>[0]): AsyncIterable<SubscriptionMessage> {
    const { signal } = this.#connection;
    for await (const message of this.now.subscribe({ ...options, signal: AbortSignal.any([options.signal, signal]) })) {
      if (signal.aborted) break;
      if (!this.lost(message)) yield message;
    }
    if (!options.signal.aborted) signal.throwIfAborted();
  }
}

/** A store with those events of another that are to be kept, in their order. */
export async function copyOf(store: EventStore, keep: (event: RecordedEvent) => boolean): Promise<MemoryEventStore> {
  const copy = new MemoryEventStore();
  const revisions = new Map<string, number>();
  for (const event of await store.readAll({ limit: 100_000 })) {
    if (!keep(event)) continue;
    const { id, type, data, metadata, stream } = event;
    const revision = revisions.get(stream);
    await copy.append(stream, revision ?? 'no-stream', [{ id, type, data, metadata }]);
    revisions.set(stream, (revision ?? -1) + 1);
  }
  return copy;
}
