import { randomUUID } from 'node:crypto';
import { decideAppend } from './decide-append.js';
import type { Decision } from './decide-append.js';
import { EventDatabase } from './event-database.js';
import type { EventHead } from './event-database.js';
import { RecentEvents } from './recent-events.js';
import { RecentIds } from './recent-ids.js';
import { DELETED_REVISION, NO_STREAM } from './record.js';
import type { Append, Outcome, ProposedEvent, StoredEvent } from './record.js';
import { isSoftDeleted, metadataOf, metastreamOf, originalOf, StreamStates } from './stream-states.js';
import type { StreamState } from './stream-states.js';

/** Appends of one transaction. */
const GROUP_APPENDS = 512;
const RECENT_IDS = 100_000;
const RECENT_EVENTS = 4_096;
const RECENT_BYTES = 16 * 1024 * 1024;
const POSITION_STEP = 128;
const NOTHING = new Uint8Array(0);

export interface Removal {
  readonly stream: string;
  readonly expected: number | 'any' | 'stream-exists';
  readonly kind: 'delete' | 'tombstone';
}
interface Waiting {
  readonly work: Append | Removal;
  readonly done: (outcome: Outcome) => void;
}
/** Is told of each commit, in order. */
export type Follower = (committed: readonly StoredEvent[]) => void;

const jsonEvent = (type: string, value: string): ProposedEvent => ({ id: randomUUID(), type, json: true, metadata: NOTHING, data: Buffer.from(value) });

/**
 * The store behind the facade. Whatever arrives in one turn of the event loop is decided and written in one transaction, one after the other,
 * and is answered when that is durable: a flush is shared by all who wait.
 */
export class Engine {
  readonly recent: RecentEvents;
  readonly followers = new Set<Follower>();
  readonly #database: EventDatabase;
  readonly #states: StreamStates;
  readonly #ids = new RecentIds(RECENT_IDS);
  #waiting: Waiting[] = [];
  #scheduled = false;
  #closed = false;
  #last: number;

  /** @param file undefined keeps everything in memory */
  constructor(file: string | undefined) {
    this.#database = new EventDatabase(file);
    this.#states = new StreamStates(this.#database);
    this.#last = this.#database.last();
    this.recent = new RecentEvents(RECENT_EVENTS, RECENT_BYTES, this.#last);
  }

  /** Position of the last event, 0 without any. */
  get last(): number {
    return this.#last;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Calls back once it is durable or refused. */
  submit(work: Append | Removal, done: (outcome: Outcome) => void): void {
    if (this.#closed) {
      done({ kind: 'failed', reason: 'the store is closed' });
      return;
    }
    this.#waiting.push({ work, done });
    this.#schedule();
  }

  state(stream: string): StreamState {
    return this.#states.of(stream);
  }
  exists(position: number): boolean {
    return this.#database.exists(position);
  }
  at(position: number): StoredEvent | undefined {
    return this.#database.at(position);
  }
  ofStream(stream: string, low: number, high: number, limit: number, backward: boolean): readonly StoredEvent[] {
    return this.#database.ofStream(stream, low, high, limit, backward);
  }
  /** The next events after a position, from memory where it reaches back far enough. */
  after(position: number, limit: number): readonly StoredEvent[] {
    return position >= this.recent.floor ? this.recent.after(position, limit) : this.#database.after(position, limit);
  }
  before(position: number, limit: number): readonly StoredEvent[] {
    return this.#database.before(position, limit);
  }
  headsAfter(position: number, limit: number): readonly EventHead[] {
    return this.#database.headsAfter(position, limit);
  }

  /** Writes what waits and lets the file go. */
  close(): void {
    if (this.#closed) return;
    while (this.#waiting.length > 0) this.#commitGroup();
    this.#closed = true;
    this.#database.close();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#closed) return;
      this.#commitGroup();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #commitGroup(): void {
    const group = this.#waiting.slice(0, GROUP_APPENDS);
    this.#waiting = this.#waiting.slice(GROUP_APPENDS);
    const written: StoredEvent[] = [];
    const outcomes = this.#write(group, written);
    if (written.length > 0) {
      this.#last = written.at(-1)?.position ?? this.#last;
      this.recent.push(written);
    }
    group.forEach(({ done }, index) => done(outcomes[index] ?? { kind: 'failed', reason: 'not decided' }));
    if (written.length > 0) for (const follower of this.followers) follower(written);
  }

  #write(group: readonly Waiting[], written: StoredEvent[]): readonly Outcome[] {
    try {
      return this.#database.transaction(() => group.map(({ work }) => ('events' in work ? this.#append(work, written) : this.#remove(work, written))));
    } catch (error) {
      written.length = 0;
      this.#states.clear();
      this.#ids.clear();
      const reason = error instanceof Error ? error.message : String(error);
      return group.map(() => ({ kind: 'failed', reason }));
    }
  }

  #append(append: Append, written: StoredEvent[]): Outcome {
    const { stream, events } = append;
    const state = this.#states.of(stream);
    const original = originalOf(stream);
    const originalState = original === undefined ? undefined : this.#states.of(original);
    if (originalState?.tombstoned === true) return { kind: 'stream-deleted' };
    const decision: Decision = this.#decide(append, state);
    if (decision.kind !== 'write') return decision;
    if (events.length === 0) return { kind: 'written', revision: state.head, position: undefined };
    const [revision, position] = this.#insert(stream, state.head + 1, events, written);
    // What was deleted softly begins anew behind its old head: by an event, or by new metadata.
    if (isSoftDeleted(state)) this.#recreate(stream, state.head + 1, {}, written);
    if (original !== undefined && originalState !== undefined && isSoftDeleted(originalState)) this.#recreate(original, originalState.head + 1, metadataOf(events.at(-1)?.data), written);
    return { kind: 'written', revision, position };
  }

  #decide(append: Append, state: StreamState): Decision {
    return decideAppend(append, state, { database: this.#database, recent: this.#ids, hasMetadata: (stream) => this.#states.of(metastreamOf(stream)).head !== NO_STREAM });
  }

  #remove({ stream, expected, kind }: Removal, written: StoredEvent[]): Outcome {
    const state = this.#states.of(stream);
    const decision = this.#decide({ stream, expected, events: [jsonEvent('$deleting', '')] }, state);
    if (decision.kind !== 'write') return decision;
    if (kind === 'tombstone') {
      const [, position] = this.#insert(stream, DELETED_REVISION, [jsonEvent('$streamDeleted', '{}')], written);
      return { kind: 'written', revision: DELETED_REVISION, position };
    }
    if (state.head === NO_STREAM) return { kind: 'wrong-version', actual: NO_STREAM };
    const metastream = metastreamOf(stream);
    const [revision, position] = this.#insert(metastream, this.#states.of(metastream).head + 1, [jsonEvent('$metadata', '{"$tb":9223372036854775807}')], written);
    return { kind: 'written', revision, position };
  }

  /** Writes metadata that cut off everything before a revision. */
  #recreate(stream: string, before: number, metadata: Readonly<Record<string, unknown>>, written: StoredEvent[]): void {
    const metastream = metastreamOf(stream);
    this.#insert(metastream, this.#states.of(metastream).head + 1, [jsonEvent('$metadata', JSON.stringify({ ...metadata, $tb: before }))], written);
  }

  #insert(stream: string, first: number, events: readonly ProposedEvent[], written: StoredEvent[]): readonly [revision: number, position: number] {
    let position = written.at(-1)?.position ?? this.#last;
    let revision = first - 1;
    const created = Date.now();
    for (const proposed of events) {
      revision += 1;
      position += POSITION_STEP + stream.length + proposed.type.length + proposed.data.length + proposed.metadata.length;
      const event: StoredEvent = { position, stream, revision, created, ...proposed };
      this.#database.insert(event);
      written.push(event);
      this.#ids.add(event.id, { stream, revision, position });
    }
    this.#states.written(stream, revision);
    return [revision, position];
  }
}
