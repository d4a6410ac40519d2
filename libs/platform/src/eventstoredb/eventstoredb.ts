import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '#eventing/event-store.port.js';
import type { PresenceBoard } from '#eventing/presence.port.js';
import { checkLimit, checkPrefixes, checkStream } from '../embedded-log/wire-codec.js';
import { Appends } from './appends.js';
import { BoundClient } from './client.js';
import { parseConnectionString } from './connection-string.js';
import { CLOSE_TIMEOUT_MS, PAGE_EVENTS } from './limits.js';
import { isPosition } from './positions.js';
import { EventStoreDBPresence } from './presence.js';
import { Reads } from './reads.js';
import { identifyStore } from './store-identity.js';
import { isHidden } from './stream-names.js';
import { followStore } from './subscription.js';
import { within } from './within.js';

export interface OpenedEventStoreDB {
  readonly store: EventStore;
  readonly presence: PresenceBoard;
  close: () => Promise<void>;
}

const applicationStream = (stream: string): string => {
  if (isHidden(checkStream(stream))) throw new TypeError('this name is kept for streams of the store itself');
  return stream;
};

class EventStoreDB implements EventStore {
  #storeId: string | undefined;

  constructor(
    private readonly client: () => BoundClient,
    private readonly reads: Reads,
    private readonly appends: Appends,
  ) {}

  async storeId(): Promise<string> {
    return (this.#storeId ??= await identifyStore(this.reads, this.appends));
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    return await this.appends.append(applicationStream(stream), expected, events);
  }

  async readStream(stream: string, options: Parameters<EventStore['readStream']>[1]): Promise<readonly RecordedEvent[]> {
    return await this.reads.readStream(applicationStream(stream), options);
  }

  readAll(options: Parameters<EventStore['readAll']>[0]): Promise<readonly RecordedEvent[]> {
    return this.reads.readAll(options);
  }

  readAt(position: Position): Promise<RecordedEvent | undefined> {
    return this.reads.readAt(position);
  }

  subscribe({ after, prefixes, batch = PAGE_EVENTS, signal }: Parameters<EventStore['subscribe']>[0]): AsyncIterable<SubscriptionMessage> {
    if (after !== undefined && !isPosition(after)) throw new StoreUnavailableError('no position of this store');
    const head = async (): Promise<Position | undefined> => (await this.reads.readAll({ limit: 1, direction: 'backward' }))[0]?.position;
    return followStore(this.client, { after, prefixes: checkPrefixes(prefixes), batch: Math.min(checkLimit(batch), PAGE_EVENTS), signal, head });
  }
}

export interface EventStoreDBOptions {
  /** A connection string of the client: a secret, never logged. */
  readonly url: string;
  /** After which an append's outcome is unknown; APPEND_DEADLINE_MS unless told. */
  readonly appendDeadlineMs?: number;
  /** Of one page of a read; READ_TIMEOUT_MS unless told. */
  readonly readTimeoutMs?: number;
}

/**
 * The event store over one client of EventStoreDB, made when it is first needed.
 * @throws ConnectionStringError
 */
export function openEventStoreDB({ url, appendDeadlineMs, readTimeoutMs }: EventStoreDBOptions): OpenedEventStoreDB {
  const connection = parseConnectionString(url);
  let made: BoundClient | undefined;
  let closed = false;
  const client = (): BoundClient => {
    if (closed) throw new StoreUnavailableError('the event store was closed');
    return (made ??= new BoundClient(connection));
  };
  const reads = new Reads(client, readTimeoutMs);
  const appends = new Appends(client, (stream, from, limit) => reads.readStream(stream, { from, limit }), appendDeadlineMs);
  return {
    store: new EventStoreDB(client, reads, appends),
    presence: new EventStoreDBPresence(client, reads),
    async close() {
      closed = true;
      // What is sent is still answered.
      await within(CLOSE_TIMEOUT_MS, appends.ended()).catch(() => undefined);
      await made?.end();
    },
  };
}
