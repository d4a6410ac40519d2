import { AppendTooLargeError, MAX_APPEND_BYTES } from '#eventing/event-store.port.js';
import type { EventMetadata, NewEvent, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { MAX_PREFIXES } from './limits.js';
import type { WireEvent, WireNewEvent } from './protocol.js';

/** Text that SQLite would store as something else: half of a surrogate pair. */
const LONE_SURROGATE = /\p{Surrogate}/u;

const nameOf = (what: string, value: string): string => {
  if (typeof value !== 'string' || value === '' || LONE_SURROGATE.test(value)) throw new TypeError(`${what} must be a non-empty, well-formed string`);
  return value;
};
const jsonOf = (what: string, value: unknown): string => {
  const text: unknown = JSON.stringify(value);
  if (typeof text !== 'string') throw new TypeError(`${what} is not JSON`);
  return text;
};

export interface EncodedAppend {
  readonly events: readonly WireNewEvent[];
  /** Data and metadata, and the types twice, as EventStoreDB counts them: what is accepted here is accepted there. */
  readonly bytes: number;
}

/** @throws TypeError for no events or no JSON, AppendTooLargeError */
export const encodeAppend = (events: readonly NewEvent[]): EncodedAppend => {
  if (events.length === 0) throw new TypeError('an append has one event at least');
  let bytes = 0;
  const encoded = events.map((event): WireNewEvent => {
    const data = jsonOf('data', event.data);
    const metadata = jsonOf('metadata', event.metadata);
    bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata) + 2 * Buffer.byteLength(event.type);
    return [nameOf('the id', event.id), nameOf('the type', event.type), data, metadata];
  });
  if (bytes >= MAX_APPEND_BYTES) throw new AppendTooLargeError(bytes);
  return { events: encoded, bytes };
};

export const decodeEvent = ([position, stream, revision, id, type, data, metadata]: WireEvent): RecordedEvent => ({
  id,
  type,
  data: JSON.parse(data) as unknown,
  metadata: JSON.parse(metadata) as EventMetadata,
  stream,
  revision,
  position: BigInt(position),
});

/** A position of another store may be any bigint: one that this store never gives is cut to what a number holds. */
export const encodePosition = (position: Position): number => {
  if (position < 0n) return 0;
  return position > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(position);
};

export const checkStream = (stream: string): string => nameOf('the stream', stream);
export const checkRevision = (revision: number): number => {
  if (!Number.isSafeInteger(revision) || revision < 0) throw new TypeError('a revision is an integer from 0 on');
  return revision;
};
export const checkLimit = (limit: number): number => {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new TypeError('a limit is an integer from 1 on');
  return limit;
};
export const checkPrefixes = (prefixes: readonly string[] | undefined): readonly string[] => {
  if (prefixes === undefined) return [];
  // None of no prefixes would match everything or nothing: whoever means everything leaves them out.
  if (prefixes.length === 0 || prefixes.length > MAX_PREFIXES) throw new TypeError(`1 to ${MAX_PREFIXES} prefixes`);
  return prefixes.map((prefix) => nameOf('a prefix', prefix));
};
