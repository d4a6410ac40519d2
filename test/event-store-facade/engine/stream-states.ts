import type { EventDatabase } from './event-database.js';
import { DELETED_REVISION } from './record.js';

/** What decides about a stream beside its events. */
export interface StreamState {
  /** Revision of the last event, -1 without any; of a tombstoned stream that before the tombstone. */
  readonly head: number;
  readonly tombstoned: boolean;
  /** `$tb`: the revision before which everything is cut off. */
  readonly before: number;
  readonly maxCount: number;
}

const CAPACITY = 20_000;
const METASTREAM = '$$';
export const metastreamOf = (stream: string): string => METASTREAM + stream;
/** The stream whose metadata a stream holds. */
export const originalOf = (stream: string): string | undefined => (stream.startsWith(METASTREAM) ? stream.slice(METASTREAM.length) : undefined);

/** A tombstone is more than a soft deletion, so that is none. */
export const isSoftDeleted = (state: StreamState): boolean => !state.tombstoned && state.before === DELETED_REVISION;
/** Revision of the first event that may be read. */
export const firstReadable = ({ head, before, maxCount }: StreamState): number => Math.max(head - maxCount + 1, before, 0);

const count = (value: unknown): number | undefined => (typeof value === 'number' && value >= 0 ? value : undefined);

/** `$tb` and `$maxCount` of a metadata event, whose data may be anything. */
const limitsOf = (data: Uint8Array | undefined): Pick<StreamState, 'before' | 'maxCount'> => {
  const { $tb, $maxCount } = metadataOf(data);
  return { before: Math.min(count($tb) ?? 0, DELETED_REVISION), maxCount: count($maxCount) ?? DELETED_REVISION };
};

/** The metadata that an event of a metastream holds; none when its data are no JSON object. */
export const metadataOf = (data: Uint8Array | undefined): Readonly<Record<string, unknown>> => {
  if (data === undefined) return {};
  try {
    const value: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

/** The states of the streams written or read last; any other is found in the database again. */
export class StreamStates {
  readonly #states = new Map<string, StreamState>();
  constructor(private readonly database: EventDatabase) {}

  of(stream: string): StreamState {
    const known = this.#states.get(stream);
    if (known !== undefined) return known;
    const state = this.#load(stream);
    this.#keep(stream, state);
    return state;
  }

  /** After events were added. */
  written(stream: string, head: number): void {
    const state = this.of(stream);
    this.#states.delete(stream);
    this.#keep(stream, head === DELETED_REVISION ? { ...state, tombstoned: true } : { ...state, head });
    const original = originalOf(stream);
    if (original !== undefined) this.#states.delete(original);
  }

  clear(): void {
    this.#states.clear();
  }

  #keep(stream: string, state: StreamState): void {
    this.#states.set(stream, state);
    if (this.#states.size <= CAPACITY) return;
    const [oldest] = this.#states.keys();
    if (oldest !== undefined) this.#states.delete(oldest);
  }

  #load(stream: string): StreamState {
    const last = this.database.head(stream);
    const tombstoned = last === DELETED_REVISION;
    const head = tombstoned ? (this.database.ofStream(stream, 0, DELETED_REVISION - 1, 1, true).at(0)?.revision ?? -1) : last;
    return { head, tombstoned, ...limitsOf(this.database.ofStream(metastreamOf(stream), 0, DELETED_REVISION, 1, true).at(0)?.data) };
  }
}
