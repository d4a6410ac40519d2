import { sqliteCode } from '../data-folder/sqlite-error.js';
import { CACHED_HEADS, CHECKPOINT_BYTES, POSITION_STEP, RECENT_BYTES, RECENT_EVENTS } from './limits.js';
import { ForeignDatabaseError } from './log-database.js';
import type { LogDatabase } from './log-database.js';
import { RecentEvents } from './recent-events.js';
import { StreamHeads } from './stream-heads.js';
import type { Appended, AppendOutcome, AppendRequest, Unavailable, WireEvent } from './protocol.js';

type Append = Pick<AppendRequest, 'stream' | 'expected' | 'events'>;

/** The log can't be read or written now. */
export class LogDownError extends Error {
  override readonly name = 'LogDownError';
}

/** What the disk, or the file on it, did not do. `code` is SQLite's, undefined for a file that is not ours. */
interface DiskFailure {
  readonly code: string | undefined;
  readonly message: string;
}
const reasonOf = ({ code, message }: DiskFailure): string => (code === undefined ? message : `${code}: ${message}`);
/** The errors that tell of the disk. Any other one is a defect of ours: it ends the thread, and with it the store. */
const diskFailure = (error: unknown): DiskFailure => {
  const code = sqliteCode(error);
  if (code !== undefined || error instanceof ForeignDatabaseError) return { code, message: (error as Error).message };
  throw error;
};
const isDamage = ({ code }: DiskFailure): boolean => code === undefined || code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';

/**
 * The log itself, of the thread that owns the file: decides and writes groups of appends, and says what may be seen.
 *
 * `visible` is the position up to which everything is known to be durable. After an error at COMMIT the file may hold more than that:
 * it stays hidden until it was made durable, so that nobody acts on an event that a power loss takes away (rule 11).
 */
export class EventLog {
  readonly recent: RecentEvents;
  readonly storeId: string;
  readonly #heads = new StreamHeads(CACHED_HEADS);
  #database: LogDatabase | undefined;
  /** False from a reopening until everything readable is known to be durable. */
  #settled = false;
  #visible = 0;
  /** Why the log must not be served any more, whatever the disk does next. */
  #damage: string | undefined;
  #lastReason = 'not open';
  #closed = false;
  #sinceCheckpoint = 0;

  /** Opens the log, or throws what stands in the way. `open(true)` may create it, `open(false)` must find it. */
  constructor(private readonly open: (create: boolean) => LogDatabase) {
    const database = open(true);
    try {
      database.settle();
      this.#visible = database.last();
    } catch (error) {
      database.close();
      throw error;
    }
    this.#database = database;
    this.#settled = true;
    this.storeId = database.storeId;
    this.recent = new RecentEvents(RECENT_EVENTS, RECENT_BYTES, this.#visible);
  }

  /** Position of the last event that may be seen, 0 in an empty log. */
  get visible(): number {
    return this.#visible;
  }

  /** Decides and writes appends in one transaction, in their order. All that is answered 'appended' or 'conflict' is durable. */
  commit(group: readonly Append[]): readonly AppendOutcome[] {
    const database = this.#writable();
    if (database === undefined) return group.map(() => this.#unavailable());
    const written: WireEvent[] = [];
    let committing = false;
    try {
      database.begin();
      const outcomes = group.map((append) => this.#decide(database, append, written));
      committing = written.length > 0;
      database.commit();
      this.#visible = written.at(-1)?.[0] ?? this.#visible;
      this.recent.push(written);
      return outcomes;
    } catch (error) {
      const cause = diskFailure(error);
      this.#fail(cause);
      this.#writable();
      // Before COMMIT nothing can have been written. From COMMIT on only the file can tell.
      return committing ? this.#lookUp(group, cause) : group.map(() => this.#unavailable(reasonOf(cause)));
    }
  }

  /** Runs a query. @throws LogDownError */
  read<T>(query: (database: LogDatabase) => T): T {
    const database = this.#readable();
    if (database === undefined) throw new LogDownError(this.#damage ?? this.#lastReason);
    try {
      return query(database);
    } catch (error) {
      const cause = diskFailure(error);
      this.#fail(cause);
      throw new LogDownError(reasonOf(cause));
    }
  }

  /**
   * Copies the whole log to a new file while it is written. What goes wrong there says nothing about this log's own file.
   * @throws (rejects) LogDownError, and what `advanced` throws
   */
  async copyTo(file: string, advanced: (pages: number, of: number) => void): Promise<void> {
    const database = this.#writable();
    if (database === undefined) throw new LogDownError(this.#damage ?? this.#lastReason);
    await database.copyTo(file, advanced);
  }

  /** Folds the write-ahead log in when it has grown. Not part of an append: that would make one of many slow. */
  maintain(): void {
    if (this.#sinceCheckpoint < CHECKPOINT_BYTES || this.#database === undefined || !this.#settled) return;
    this.#sinceCheckpoint = 0;
    try {
      this.#database.checkpoint();
    } catch (error) {
      // Everything acknowledged is durable in the write-ahead log; the next round tries again.
      this.#fail(diskFailure(error));
    }
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
    this.#closed = true;
    this.#lastReason = 'the event log is closed';
  }

  #decide(database: LogDatabase, append: Append, written: WireEvent[]): AppendOutcome {
    const { stream, expected, events } = append;
    const head = this.#heads.get(stream) ?? database.head(stream);
    if (expected > head) return { kind: 'conflict', actual: head };
    if (expected < head) return this.#asStored(database, append) ?? { kind: 'conflict', actual: head };
    let position = written.at(-1)?.[0] ?? this.#visible;
    let revision = expected;
    for (const event of events) {
      const [id, type, data, metadata] = event;
      revision += 1;
      position += POSITION_STEP + type.length + data.length + metadata.length;
      database.insert(position, stream, revision, event);
      written.push([position, stream, revision, id, type, data, metadata]);
      // A page of the table and one of the index, in the worst case.
      this.#sinceCheckpoint += 4_096 + data.length;
    }
    this.#heads.set(stream, revision);
    return { kind: 'appended', revision, position };
  }

  /** The outcome of an append whose ids are what the stream holds there: it was written before. */
  #asStored(database: LogDatabase, { stream, expected, events }: Append): Appended | undefined {
    const stored = database.stored(stream, expected + 1, events.length);
    const last = stored.at(-1);
    if (last === undefined || stored.length !== events.length || !stored.every(([id], index) => id === events[index]?.[0])) return undefined;
    return { kind: 'appended', revision: expected + events.length, position: last[1] };
  }

  /** After an error at COMMIT: what the reopened file says about each append. */
  #lookUp(group: readonly Append[], cause: DiskFailure): readonly AppendOutcome[] {
    const unknown = group.map((): AppendOutcome => ({ kind: 'unknown', reason: reasonOf(cause) }));
    const full = cause.code === 'SQLITE_FULL';
    const database = this.#readable();
    if (database === undefined) return unknown;
    try {
      return group.map((append): AppendOutcome => {
        const found = this.#asStored(database, append);
        if (found !== undefined) return this.#settled ? found : { kind: 'unknown', reason: reasonOf(cause) };
        // A full disk took no commit record: writing it is what failed. Of other errors that is known once nothing is left in the write-ahead log.
        return this.#settled || full ? this.#unavailable(reasonOf(cause)) : { kind: 'unknown', reason: reasonOf(cause) };
      });
    } catch (error) {
      this.#fail(diskFailure(error));
      return unknown;
    }
  }

  #unavailable(reason = this.#damage ?? this.#lastReason): Unavailable {
    return { kind: 'unavailable', reason };
  }

  /** The connection, reopened where it was given up. */
  #readable(): LogDatabase | undefined {
    if (this.#database !== undefined || this.#damage !== undefined || this.#closed) return this.#database;
    try {
      const database = this.open(false);
      this.#database = database;
      // A file that was put in the place of ours, or set back, is not this log.
      if (database.storeId !== this.storeId) throw new ForeignDatabaseError('the file of the event log holds another store');
      if (database.last() < this.#visible) throw new ForeignDatabaseError('the file of the event log lost events');
      this.#settled = false;
    } catch (error) {
      this.#fail(diskFailure(error));
    }
    return this.#database;
  }

  /** The connection, once nothing readable is in doubt. */
  #writable(): LogDatabase | undefined {
    const database = this.#readable();
    if (database === undefined || this.#settled) return database;
    try {
      database.settle();
      this.#visible = database.last();
      this.recent.reset(this.#visible);
      this.#settled = true;
      return database;
    } catch (error) {
      const cause = diskFailure(error);
      // Still readable up to what was known: only damage closes it for good.
      if (isDamage(cause)) this.#fail(cause);
      this.#lastReason = reasonOf(cause);
      return undefined;
    }
  }

  /** Gives the connection up. What it had not committed is gone; what it cached is forgotten. */
  #fail(cause: DiskFailure): void {
    this.#lastReason = reasonOf(cause);
    if (isDamage(cause)) this.#damage = this.#lastReason;
    this.#heads.forget();
    const database = this.#database;
    this.#database = undefined;
    this.#settled = false;
    try {
      database?.rollback();
    } catch (error) {
      diskFailure(error);
    }
    try {
      database?.close();
    } catch (error) {
      diskFailure(error);
    }
  }
}
