import { systemActor } from '#kernel/actor.js';
import { ConflictError } from '#eventing/event-store.port.js';
import type { EventMetadata, EventStore, ExpectedRevision, NewEvent, RecordedEvent } from '#eventing/event-store.port.js';
import { listed, Positions } from './recorded-call.js';
import type { Answer, RecordedAppend, RecordedCall, RecordedReadStream, RecordedRemoval, RecordedSetMetadata, RecordedSubscribeAll } from './recorded-call.js';

const LIMIT = 100_000;
/** Of the port's own form, in place of those recorded: no answer depends on them. */
const METADATA: EventMetadata = { commandId: 'replayed', actor: systemActor('replay'), at: '2026-01-01T00:00:00.000Z' };

const TOMBSTONE = '$streamDeleted';
const TOMBSTONE_REVISION = '9223372036854775807';

/**
 * Makes recorded calls through the port, as far as they are within it, and tells the answers in the form of the recordings.
 * What is outside (no exact revision, deletions, metadata) is not compared, but the events that it wrote are written here too, so that what follows can be.
 */
export class PortReplay {
  readonly #positions = new Positions();
  /** Appends that were not made here. */
  readonly #leftOut = new Set<number>();
  /** Streams of which events can't be read any more there, but here. */
  readonly #truncated = new Set<string>();
  /** Streams that were deleted there at some time: they began anew, or are tombstoned. */
  readonly #deleted = new Set<string>();

  constructor(private readonly store: EventStore) {}

  /** undefined for what can't be compared. */
  async answer(call: RecordedCall): Promise<Answer | undefined> {
    switch (call.call) {
      case 'append': return this.#append(call);
      case 'readStream': return this.#truncated.has(call.stream) ? undefined : this.#readStream(call);
      case 'readAll': return { ok: true, events: listed(entriesOf(await this.store.readAll({ limit: LIMIT, direction: call.direction === 'forwards' ? 'forward' : 'backward' }))) };
      case 'subscribeAll': return this.#subscribeAll(call);
      case 'delete': case 'tombstone': case 'setMetadata':
        if (call.answer['ok'] === true) await this.#hide(call);
        return undefined;
      case 'getMetadata': case 'subscribeStream': return undefined;
    }
  }

  /** What takes events from the sight of a stream's readers. Those of all streams go on seeing them, and the tombstone too. */
  async #hide(call: RecordedRemoval | RecordedSetMetadata): Promise<void> {
    const { stream } = call;
    if (call.call === 'setMetadata') {
      const { maxCount, truncateBefore } = call.metadata;
      // New metadata take the place of the old.
      if (maxCount !== undefined || truncateBefore !== undefined) this.#truncated.add(stream);
      else if (!this.#deleted.has(stream)) this.#truncated.delete(stream);
      return;
    }
    this.#truncated.add(stream);
    this.#deleted.add(stream);
    if (call.call === 'tombstone') await this.#write(stream, [{ id: TOMBSTONE, type: TOMBSTONE, data: {}, metadata: METADATA }]);
  }

  async #append({ n, stream, expected, events, answer }: RecordedAppend): Promise<Answer | undefined> {
    if (answer['type'] === 'maximum-append-size-exceeded') return undefined;
    // Answers depend on ids alone: what is too large for the port goes without its padding.
    const sent = events.map((event) => ({ id: event.id, type: event.type, data: '$pad' in event.data ? {} : event.data, metadata: METADATA }));
    const exact = expected === 'no_stream' || /^\d+$/u.test(expected);
    if (exact && !this.#deleted.has(stream)) return this.#compare(n, stream, expected === 'no_stream' ? 'no-stream' : Number(expected), sent, answer);
    // A retry is told from a write by where it ends: its answer alone may look like that to a write.
    const wrote = answer['ok'] === true && Number(answer['nextExpectedRevision']) === (await this.#head(stream)) + events.length;
    if (wrote) this.#positions.callOf(String(await this.#write(stream, sent)), n);
    else this.#leftOut.add(n);
    return undefined;
  }

  async #compare(n: number, stream: string, expected: ExpectedRevision, events: readonly NewEvent[], recorded: Answer): Promise<Answer> {
    try {
      const { revision, position } = await this.store.append(stream, expected, events);
      const first = this.#positions.callOf(String(position), n);
      // Where the first answer with this position is not known here, or the server told none: what is left is that it was no error, and the revision.
      const comparable = !this.#truncated.has(stream) && !this.#leftOut.has(Number(recorded['positionOfCall']));
      return { ok: true, nextExpectedRevision: String(revision), positionOfCall: comparable ? first : recorded['positionOfCall'] };
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return { error: 'WrongExpectedVersionError', type: 'wrong-expected-version', expected: error.expected === 'no-stream' ? 'no_stream' : String(error.expected), actual: String(error.actual ?? 'no_stream'), stream };
    }
  }

  async #head(stream: string): Promise<number> {
    return (await this.store.readStream(stream, { limit: 1, direction: 'backward' })).at(0)?.revision ?? -1;
  }
  async #write(stream: string, events: readonly NewEvent[]): Promise<bigint> {
    const head = await this.#head(stream);
    return (await this.store.append(stream, head < 0 ? 'no-stream' : head, events)).position;
  }

  async #readStream({ stream, direction, from, maxCount }: RecordedReadStream): Promise<Answer> {
    const start = from === 'start' ? { from: 0 } : from === 'end' ? {} : { from: Number(from) };
    const events = await this.store.readStream(stream, { ...start, limit: maxCount, direction: direction === 'forwards' ? 'forward' : 'backward' });
    if (events.length === 0 && (await this.store.readStream(stream, { limit: 1 })).length === 0) return { error: 'StreamNotFoundError', type: 'stream-not-found', stream };
    return { ok: true, events: listed(events.map(({ id, revision, type }) => [id, String(revision), type])) };
  }

  async #subscribeAll({ prefixes, after }: RecordedSubscribeAll): Promise<Answer | undefined> {
    const start = after === undefined ? undefined : (await this.store.readAll({ limit: LIMIT })).find(({ id }) => id === after)?.position;
    if (after !== undefined && start === undefined) return undefined;
    const abort = new AbortController();
    const events: RecordedEvent[] = [];
    for await (const message of this.store.subscribe({ ...(start === undefined ? {} : { after: start }), prefixes, signal: abort.signal })) {
      if (message.kind === 'events') events.push(...message.events);
      else abort.abort();
    }
    return { ok: true, events: listed(entriesOf(events)) };
  }
}

const entriesOf = (events: readonly RecordedEvent[]): readonly unknown[] => events.map(({ id, stream, revision }) => [id, stream, id === TOMBSTONE ? TOMBSTONE_REVISION : String(revision)]);
