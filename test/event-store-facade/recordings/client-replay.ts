import { EventStoreDBClient, jsonEvent, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, AppendExpectedRevision, AppendResult, ResolvedEvent, StreamSubscription, AllStreamSubscription } from '@eventstore/db-client';
import { dataOf, listed, Positions } from './recorded-call.js';
import type { Answer, Path, RecordedAppend, RecordedCall, RecordedReadStream, RecordedSubscribeAll } from './recorded-call.js';

/** Given with a call, they choose the classic append; without TLS they go no further. */
const CREDENTIALS = { username: 'admin', password: 'changeit' };
const callOptions = (path: Path): { readonly credentials?: typeof CREDENTIALS } => (path === 'classic' ? { credentials: CREDENTIALS } : {});
const expectedOf = (expected: string): AppendExpectedRevision =>
  expected === 'no_stream' || expected === 'any' || expected === 'stream_exists' ? expected : BigInt(expected);

interface ClientError {
  readonly type?: string;
  readonly streamName?: string;
  readonly expectedVersion?: bigint | string;
  readonly actualVersion?: bigint | string;
}
const refusal = (error: unknown): Answer => {
  if (!(error instanceof Error)) throw error;
  const { type, streamName, expectedVersion, actualVersion } = error as ClientError;
  return {
    error: error.constructor.name,
    type,
    ...(expectedVersion === undefined ? {} : { expected: String(expectedVersion) }),
    ...(actualVersion === undefined ? {} : { actual: String(actualVersion) }),
    ...(streamName === undefined ? {} : { stream: streamName }),
  };
};

/** An event that the server made itself goes by its type. */
const idOf = (event: { readonly id: string; readonly type: string }): string => (event.type === '$streamDeleted' ? event.type : event.id);

/** Makes recorded calls with the unmodified client, and tells the answers in the form of the recordings. */
export class ClientReplay {
  readonly #client: EventStoreDBClient;
  readonly #positions = new Positions();

  constructor(url: string) {
    this.#client = EventStoreDBClient.connectionString(url);
  }

  close(): Promise<void> {
    return this.#client.dispose();
  }

  async answer(call: RecordedCall): Promise<Answer> {
    try {
      return { ok: true, ...(await this.#make(call)) };
    } catch (error) {
      return refusal(error);
    }
  }

  async #make(call: RecordedCall): Promise<Answer> {
    switch (call.call) {
      case 'append': return this.#append(call);
      case 'readStream': return this.#readStream(call);
      case 'readAll': return this.#readAll(call.direction);
      case 'subscribeAll': return this.#subscribeAll(call);
      case 'delete': case 'tombstone': {
        const expected = expectedOf(call.expected);
        if (expected === 'stream_exists') throw new TypeError('a deletion expects no such thing');
        await this.#client[call.call === 'delete' ? 'deleteStream' : 'tombstoneStream'](call.stream, { expectedRevision: expected, ...callOptions(call.path) });
        return {};
      }
      case 'setMetadata':
        await this.#client.setStreamMetadata(call.stream, call.metadata, callOptions(call.path));
        return {};
      case 'getMetadata': {
        const { metadata } = await this.#client.getStreamMetadata(call.stream);
        return { metadata: metadata ?? null };
      }
      case 'subscribeStream': {
        const { stream, from } = call;
        const subscription = this.#client.subscribeToStream(stream, { fromRevision: from === 'start' || from === 'end' ? from : BigInt(from) });
        const events = await untilQuiet(subscription, ({ event }) => (event === undefined ? [] : [idOf(event), String(event.revision)]));
        return { events: listed(events) };
      }
    }
  }

  async #append({ n, path, stream, expected, events }: RecordedAppend): Promise<Answer> {
    const sent = events.map((event) => jsonEvent({ id: event.id, type: event.type, data: dataOf(event), ...(event.metadata === undefined ? {} : { metadata: event.metadata }) }));
    const result: AppendResult = await this.#client.appendToStream(stream, sent, { expectedRevision: expectedOf(expected), ...callOptions(path) });
    return { nextExpectedRevision: String(result.nextExpectedRevision), positionOfCall: this.#positions.callOf(String(result.position?.commit), n) };
  }

  async #readStream({ stream, from, direction, maxCount }: RecordedReadStream): Promise<Answer> {
    const events: unknown[] = [];
    for await (const { event } of this.#client.readStream(stream, { fromRevision: from === 'start' || from === 'end' ? from : BigInt(from), direction, maxCount })) {
      if (event !== undefined) events.push([idOf(event), String(event.revision), event.type]);
    }
    return { events: listed(events) };
  }

  async #readAll(direction: 'forwards' | 'backwards'): Promise<Answer> {
    const events: unknown[] = [];
    for await (const { event } of this.#client.readAll({ direction, fromPosition: direction === 'forwards' ? 'start' : 'end' })) {
      if (event !== undefined && !event.streamId.startsWith('$')) events.push([idOf(event), event.streamId, String(event.revision)]);
    }
    return { events: listed(events) };
  }

  async #subscribeAll({ prefixes, after }: RecordedSubscribeAll): Promise<Answer> {
    const fromPosition = after === undefined ? 'start' : await this.#positionOf(after);
    const subscription = this.#client.subscribeToAll({ fromPosition, filter: streamNameFilter({ prefixes: [...prefixes] }) });
    const events = await untilQuiet(subscription, ({ event }) => (event === undefined ? [] : [idOf(event), event.streamId, String(event.revision)]));
    return { events: listed(events) };
  }

  async #positionOf(id: string): Promise<{ readonly commit: bigint; readonly prepare: bigint }> {
    // To the end: a read that is left in the middle is never disposed of.
    let position: { readonly commit: bigint; readonly prepare: bigint } | undefined;
    for await (const { event } of this.#client.readAll()) if (event?.id === id) position ??= event.position;
    if (position !== undefined) return position;
    throw new Error(`no event ${id}`);
  }
}

/** Everything up to the first `caughtUp`. */
const untilQuiet = async (subscription: AllStreamSubscription | StreamSubscription, entry: (resolved: AllStreamResolvedEvent | ResolvedEvent) => unknown): Promise<readonly unknown[]> => {
  const events: unknown[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      // Events pass through the stream's buffer; `caughtUp` does not: it is told while some of them still wait there.
      let caughtUp = false;
      const quiet = (): void => {
        if (caughtUp && subscription.readableLength === 0) setImmediate(resolve);
      };
      subscription.on('error', reject);
      subscription.on('data', (resolved: AllStreamResolvedEvent | ResolvedEvent) => {
        events.push(entry(resolved));
        quiet();
      });
      subscription.on('caughtUp', () => {
        caughtUp = true;
        quiet();
      });
    });
  } finally {
    await subscription.unsubscribe();
  }
  return events;
};
