import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '#eventing/event-store.port.js';
import { pause } from '#eventing/pause.js';

/** Milliseconds that a call is on its way, and that a flush takes; each a little shorter or longer than told. */
export interface Latencies {
  readonly wayMs: number;
  readonly flushMs: number;
}

/** The connection of one process to a store that lies some way off: what is asked and what is answered both take their time, and all writers share one disk. */
export class SlowEventStore implements EventStore {
  constructor(
    private readonly inner: EventStore,
    private readonly disk: SlowDisk,
    private readonly latencies: Latencies,
    private readonly random: () => number,
  ) {}

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    await this.way();
    await this.disk.flush(this.latencies.flushMs * (0.5 + this.random()));
    try {
      return await this.inner.append(stream, expected, events);
    } finally {
      await this.way();
    }
  }

  async readStream(stream: string, options: Parameters<EventStore['readStream']>[1]): Promise<readonly RecordedEvent[]> {
    await this.way();
    const events = await this.inner.readStream(stream, options);
    await this.way();
    return events;
  }

  async *subscribe(options: Parameters<EventStore['subscribe']>[0]): AsyncGenerator<SubscriptionMessage> {
    for await (const message of this.inner.subscribe(options)) {
      await this.way();
      yield message;
    }
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

  private way(): Promise<void> {
    return pause(this.latencies.wayMs * (0.5 + this.random()));
  }
}

/** One flush after the other; who comes during one is part of the next. */
export class SlowDisk {
  private current: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  flush(ms: number): Promise<void> {
    this.next ??= this.current.then(() => {
      this.next = undefined;
      this.current = pause(ms);
      return this.current;
    });
    return this.next;
  }
}
