import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '../event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '../event-store.port.js';

/** What happens to one append: `…-after` writes first. `conflict` writes nothing. */
export type Fault = 'none' | 'unavailable' | 'unknown' | 'unknown-after' | 'conflict';

/** A store between which and its callers things go wrong, one fault an append, in order; none when there is none left. */
export class FaultyEventStore implements EventStore {
  readonly appends: { readonly stream: string; readonly expected: ExpectedRevision; readonly events: readonly NewEvent[] }[] = [];
  readonly reads: { readonly stream: string; readonly from: number | undefined }[] = [];
  faults: Fault[] = [];
  /** Whether a resend of what is there is a success, as the port has it. */
  idempotent = true;
  /** Called before each append is handed on. */
  beforeAppend: (appends: number) => Promise<void> = () => Promise.resolve();
  /** Called after each read of a stream, before its events are handed out. */
  afterRead: (stream: string) => Promise<void> = () => Promise.resolve();

  constructor(readonly inner: EventStore) {}

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    this.appends.push({ stream, expected, events });
    const fault = this.faults.shift() ?? 'none';
    await this.beforeAppend(this.appends.length);
    if (fault === 'unavailable') throw new StoreUnavailableError(fault);
    if (fault === 'unknown') throw new OutcomeUnknownError(fault);
    if (fault === 'conflict') throw new ConflictError(stream, expected, undefined);
    if (!this.idempotent) {
      const [last] = await this.inner.readStream(stream, { limit: 1, direction: 'backward' });
      if ((last?.revision ?? 'no-stream') !== expected) throw new ConflictError(stream, expected, last?.revision);
    }
    const result = await this.inner.append(stream, expected, events);
    if (fault === 'unknown-after') throw new OutcomeUnknownError(fault);
    return result;
  }

  async readStream(stream: string, options: { readonly from?: number; readonly limit: number; readonly direction?: 'forward' | 'backward' }): Promise<readonly RecordedEvent[]> {
    this.reads.push({ stream, from: options.from });
    const page = await this.inner.readStream(stream, options);
    await this.afterRead(stream);
    return page;
  }

  storeId(): Promise<string> {
    return this.inner.storeId();
  }
  readAll(options: Parameters<EventStore['readAll']>[0]): Promise<readonly RecordedEvent[]> {
    return this.inner.readAll(options);
  }
  readAt(position: Position): Promise<RecordedEvent | undefined> {
    return this.inner.readAt(position);
  }
  subscribe(options: Parameters<EventStore['subscribe']>[0]): AsyncIterable<SubscriptionMessage> {
    return this.inner.subscribe(options);
  }
}
