import { AppendTooLargeError, ConflictError, MAX_APPEND_BYTES } from '../event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '../event-store.port.js';
import { randomId } from '../ids.js';

/** An event store in memory for tests of what stands above the port; passes the contract suite. */
export class MemoryEventStore implements EventStore {
  private readonly id = randomId();
  private readonly log: RecordedEvent[] = [];
  private readonly streams = new Map<string, RecordedEvent[]>();
  private waiting: (() => void)[] = [];

  storeId(): Promise<string> {
    return Promise.resolve(this.id);
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    await Promise.resolve();
    const [first] = events;
    if (first === undefined) throw new TypeError('an append needs an event');
    const bytes = Buffer.byteLength(JSON.stringify(events));
    if (bytes >= MAX_APPEND_BYTES) throw new AppendTooLargeError(bytes);
    const there = this.streams.get(stream) ?? [];
    const from = expected === 'no-stream' ? 0 : expected + 1;
    if (from !== there.length) {
      const same = from < there.length && events.every((e, i) => there[from + i]?.id === e.id);
      const last = there[from + events.length - 1];
      if (same && last !== undefined) return { revision: last.revision, position: last.position };
      throw new ConflictError(stream, expected, there.length === 0 ? undefined : there.length - 1);
    }
    let position = this.log.at(-1)?.position ?? 0n;
    for (const event of events) {
      position += 7n;
      const recorded: RecordedEvent = { ...(JSON.parse(JSON.stringify(event)) as NewEvent), stream, revision: there.length, position };
      there.push(recorded);
      this.log.push(recorded);
    }
    this.streams.set(stream, there);
    const wake = this.waiting;
    this.waiting = [];
    for (const w of wake) w();
    return { revision: there.length - 1, position };
  }

  async readStream(stream: string, { from, limit, direction = 'forward' }: { readonly from?: number; readonly limit: number; readonly direction?: 'forward' | 'backward' }): Promise<readonly RecordedEvent[]> {
    await Promise.resolve();
    const there = this.streams.get(stream) ?? [];
    if (direction === 'forward') return there.slice(from ?? 0, (from ?? 0) + limit);
    const end = (from ?? there.length - 1) + 1;
    return there.slice(Math.max(0, end - limit), end).reverse();
  }

  async readAll({ from, limit, direction = 'forward', prefixes }: { readonly from?: Position; readonly limit: number; readonly direction?: 'forward' | 'backward'; readonly prefixes?: readonly string[] }): Promise<readonly RecordedEvent[]> {
    await Promise.resolve();
    const wanted = this.log.filter((e) => (prefixes === undefined || prefixes.some((p) => e.stream.startsWith(p))) && (from === undefined || (direction === 'forward' ? e.position > from : e.position < from)));
    return (direction === 'forward' ? wanted : wanted.reverse()).slice(0, limit);
  }

  async readAt(position: Position): Promise<RecordedEvent | undefined> {
    await Promise.resolve();
    return this.log.find((e) => e.position === position);
  }

  async *subscribe({ after, prefixes, batch = 500, signal }: { readonly after?: Position; readonly prefixes?: readonly string[]; readonly batch?: number; readonly signal: AbortSignal }): AsyncGenerator<SubscriptionMessage> {
    let last = after;
    while (!signal.aborted) {
      const seen = this.log.length;
      const events = await this.readAll({ limit: batch, ...(last === undefined ? {} : { from: last }), ...(prefixes === undefined ? {} : { prefixes }) });
      if (signal.aborted) return;
      last = events.at(-1)?.position ?? last;
      if (events.length > 0) yield { kind: 'events', events };
      else {
        yield { kind: 'caught-up', position: this.log[seen - 1]?.position };
        await this.longerThan(seen, signal);
      }
    }
  }

  private longerThan(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted || this.log.length > seen) return resolve();
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.waiting.push(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
