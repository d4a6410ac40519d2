import { BACKWARDS, END, FORWARDS, START } from '@eventstore/db-client';
import type { ReadPosition, ReadRevision } from '@eventstore/db-client';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { Position, RecordedEvent } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';
import { checkLimit, checkPrefixes, checkRevision } from '../embedded-log/wire-codec.js';
import type { BoundClient } from './client.js';
import { collect } from './collect.js';
import { decodeRecord, isVisible } from './event-record.js';
import type { ClientRecord } from './event-record.js';
import { ATTEMPT_PAUSE_MS, ATTEMPTS, FIRST_LOOK_EVENTS, PAGE_EVENTS, READ_TIMEOUT_MS } from './limits.js';
import { isPosition, positionOf, toLogPosition } from './positions.js';
import { isDisconnected, isInvalidArgument, isMisdirected, isMissingStream, readError } from './store-errors.js';

type Direction = 'forward' | 'backward';
interface StreamOptions {
  readonly from?: number;
  readonly limit: number;
  readonly direction?: Direction;
}
interface AllOptions {
  readonly from?: Position;
  readonly limit: number;
  readonly direction?: Direction;
  readonly prefixes?: readonly string[];
}

/** Reads from the leader, page by page, each with a time limit. */
export class Reads {
  /** Where the last look backward from the end began, and the application's last event then. */
  #looked: { readonly end: Position; readonly last: RecordedEvent | undefined } | undefined;

  /** @param timeoutMs of one page, shorter in tests */
  constructor(
    private readonly client: () => BoundClient,
    private readonly timeoutMs: number = READ_TIMEOUT_MS,
  ) {}

  /** @throws StoreUnavailableError; also when events are missing in between: nothing of ours is ever deleted */
  async readStream(stream: string, { from, limit, direction = 'forward' }: StreamOptions): Promise<readonly RecordedEvent[]> {
    const backward = direction === 'backward';
    checkLimit(limit);
    let next: number | undefined = from === undefined ? (backward ? undefined : 0) : checkRevision(from);
    const events: RecordedEvent[] = [];
    while (events.length < limit && (next === undefined || next >= 0)) {
      const asked = Math.min(limit - events.length, PAGE_EVENTS);
      const page = await this.streamPage(stream, next === undefined ? END : BigInt(next), asked, backward);
      for (const record of page) {
        const event = decodeRecord(record);
        // Backward from beyond the head begins at the head.
        const expected: number = next === undefined || (backward && events.length === 0 && event.revision < next) ? event.revision : next;
        if (event.revision !== expected) throw new StoreUnavailableError(`${stream}: revision ${expected} is missing`);
        events.push(event);
        next = expected + (backward ? -1 : 1);
      }
      if (page.length < asked) break;
    }
    return events;
  }

  /** One page as the server has it; `[]` for a missing stream. */
  async streamPage(stream: string, fromRevision: ReadRevision, maxCount: number, backward: boolean): Promise<readonly ClientRecord[]> {
    return await this.#asked(async (client) => {
      try {
        return await collect(client.readStream(stream, { fromRevision, maxCount, direction: backward ? BACKWARDS : FORWARDS, requiresLeader: true }), this.timeoutMs);
      } catch (error) {
        if (isMissingStream(error)) return [];
        throw error;
      }
    });
  }

  async readAll({ from, limit, direction = 'forward', prefixes }: AllOptions): Promise<readonly RecordedEvent[]> {
    checkLimit(limit);
    const wanted = checkPrefixes(prefixes);
    if (from !== undefined && !isPosition(from)) throw new StoreUnavailableError('no position of this store');
    const backward = direction === 'backward';
    if (backward && limit === 1 && from === undefined && wanted.length === 0) return await this.#last();
    const events: RecordedEvent[] = [];
    await this.#scan({ from, backward, first: wanted.length === 0 ? limit : PAGE_EVENTS }, (record) => {
      if (isVisible(record) && (wanted.length === 0 || wanted.some((prefix) => record.streamId.startsWith(prefix)))) events.push(decodeRecord(record));
      return events.length < limit;
    });
    return events;
  }

  async readAt(position: Position): Promise<RecordedEvent | undefined> {
    if (!isPosition(position)) return undefined;
    try {
      const [record] = await this.#allPage(toLogPosition(position), 1, false);
      return record !== undefined && isVisible(record) && positionOf(record.position) === position ? decodeRecord(record) : undefined;
    } catch (error) {
      if (isInvalidArgument(error)) return undefined;
      throw readError(error);
    }
  }

  /**
   * The last event of all, found again quickly where nothing but the server's own events and this adapter's came since the last look:
   * a quiet store has many of them at its end.
   */
  async #last(): Promise<readonly RecordedEvent[]> {
    let looked = this.#looked;
    let end: Position | undefined;
    let last: RecordedEvent | undefined;
    await this.#scan({ from: undefined, backward: true, first: FIRST_LOOK_EVENTS }, (record) => {
      const position = positionOf(record.position);
      if (end === undefined) {
        end = position;
        // Not a store that was put back meanwhile.
        if (looked !== undefined && position !== undefined && position < looked.end) looked = undefined;
      }
      if (isVisible(record)) last = decodeRecord(record);
      else if (looked !== undefined && position !== undefined && position <= looked.end) last = looked.last;
      else return true;
      return false;
    });
    if (end !== undefined) this.#looked = { end, last };
    return last === undefined ? [] : [last];
  }

  /** Hands over all records after `from`, or before it, until it is told `false` or there are no more. */
  async #scan({ from, backward, first }: { readonly from: Position | undefined; readonly backward: boolean; readonly first: number }, take: (record: ClientRecord) => boolean): Promise<void> {
    let cursor: ReadPosition = from === undefined ? (backward ? END : START) : toLogPosition(from);
    let seen: Position | undefined = from;
    for (let wanted = first; ; wanted = PAGE_EVENTS) {
      // Forward the server begins with the event at the position itself.
      const maxCount = Math.min(wanted, PAGE_EVENTS) + (backward ? 0 : 1);
      const page = await this.#allPage(cursor, maxCount, backward).catch((error: unknown) => {
        throw readError(error);
      });
      for (const record of page) {
        if (seen !== undefined && positionOf(record.position) === seen) continue;
        if (!take(record)) return;
      }
      const last = page.at(-1)?.position;
      if (page.length < maxCount || last === undefined) return;
      cursor = last;
      seen = positionOf(last);
    }
  }

  async #allPage(fromPosition: ReadPosition, maxCount: number, backward: boolean): Promise<readonly ClientRecord[]> {
    return await this.#asked((client) => collect(client.readAll({ fromPosition, maxCount, direction: backward ? BACKWARDS : FORWARDS, requiresLeader: true }), this.timeoutMs));
  }

  /** Once more when it went to another node than the leader, or over a connection that had broken. */
  async #asked(ask: (client: BoundClient) => Promise<readonly ClientRecord[]>): Promise<readonly ClientRecord[]> {
    for (let attempt = 1; ; attempt += 1) {
      const client = this.client();
      await client.ready();
      try {
        const records = await ask(client);
        // Of a read that was under way at the end the client hands out what had come, or nothing, as if that were all: a stream that goes on would look as if it did not.
        if (client.ended) throw new StoreUnavailableError('the event store was closed');
        return records;
      } catch (error) {
        if (attempt >= ATTEMPTS || !(isMisdirected(error) || isDisconnected(error))) throw isInvalidArgument(error) ? error : readError(error);
        await pause(ATTEMPT_PAUSE_MS);
      }
    }
  }
}
