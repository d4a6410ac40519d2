import type { MessagePort } from 'node:worker_threads';
import { ConflictError, OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import type { AppendResult, EventStore, ExpectedRevision, NewEvent, Position, RecordedEvent, SubscriptionMessage } from '#eventing/event-store.port.js';
import { DEFAULT_TIMEOUT_MS, PAGE_EVENTS } from './limits.js';
import { LogConnection } from './log-connection.js';
import { followLog } from './log-subscription.js';
import type { LogAnswer, Page } from './protocol.js';
import { checkLimit, checkPrefixes, checkRevision, checkStream, decodeEvent, encodeAppend, encodePosition } from './wire-codec.js';

const pageOf = (answer: LogAnswer | undefined): Page => {
  if (answer?.kind === 'page') return answer;
  throw new StoreUnavailableError(answer?.kind === 'unavailable' ? answer.reason : 'an answer of another kind');
};

/** The event store of one thread: a client of the one thread that writes. JSON is made and read here, and so is its length. */
export class EmbeddedLogClient implements EventStore {
  readonly #connection: LogConnection;
  #storeId: string | undefined;

  constructor(port: MessagePort, timeoutMs: number) {
    this.#connection = new LogConnection(port, timeoutMs);
  }

  async storeId(): Promise<string> {
    if (this.#storeId === undefined) {
      const answer = await this.#connection.read({ kind: 'store-id' }).answer;
      if (answer?.kind !== 'store-id') throw new StoreUnavailableError('the event log does not tell its id');
      this.#storeId = answer.storeId;
    }
    return this.#storeId;
  }

  async append(stream: string, expected: ExpectedRevision, events: readonly NewEvent[]): Promise<AppendResult> {
    const encoded = encodeAppend(events);
    const outcome = await this.#connection.append({ kind: 'append', stream: checkStream(stream), expected: expected === 'no-stream' ? -1 : checkRevision(expected), ...encoded });
    switch (outcome.kind) {
      case 'appended': return { revision: outcome.revision, position: BigInt(outcome.position) };
      case 'conflict': throw new ConflictError(stream, expected, outcome.actual < 0 ? undefined : outcome.actual);
      case 'unavailable': throw new StoreUnavailableError(outcome.reason);
      case 'unknown': throw new OutcomeUnknownError(outcome.reason);
    }
  }

  async readStream(stream: string, options: { readonly from?: number; readonly limit: number; readonly direction?: 'forward' | 'backward' }): Promise<readonly RecordedEvent[]> {
    const request = { kind: 'read-stream', stream: checkStream(stream), backward: options.direction === 'backward' } as const;
    const from = options.from === undefined ? undefined : checkRevision(options.from);
    return this.#pages(from, checkLimit(options.limit), (next, limit) => this.#connection.read({ ...request, from: next, limit }).answer);
  }

  async readAll(options: { readonly from?: Position; readonly limit: number; readonly direction?: 'forward' | 'backward'; readonly prefixes?: readonly string[] }): Promise<readonly RecordedEvent[]> {
    const request = { kind: 'read-all', backward: options.direction === 'backward', prefixes: checkPrefixes(options.prefixes) } as const;
    const from = options.from === undefined ? undefined : encodePosition(options.from);
    return this.#pages(from, checkLimit(options.limit), (next, limit) => this.#connection.read({ ...request, from: next, limit }).answer);
  }

  async readAt(position: Position): Promise<RecordedEvent | undefined> {
    const page = pageOf(await this.#connection.read({ kind: 'read-at', position: encodePosition(position) }).answer);
    const [event] = page.events;
    return event === undefined ? undefined : decodeEvent(event);
  }

  subscribe(options: { readonly after?: Position; readonly prefixes?: readonly string[]; readonly batch?: number; readonly signal: AbortSignal }): AsyncIterable<SubscriptionMessage> {
    const after = options.after === undefined ? 0 : encodePosition(options.after);
    return followLog(this.#connection, { after, prefixes: checkPrefixes(options.prefixes), batch: Math.min(checkLimit(options.batch ?? PAGE_EVENTS), PAGE_EVENTS), signal: options.signal });
  }

  /** Lets the port go. What waits is rejected, as if the log had gone. */
  close(): void {
    this.#connection.close();
  }

  /** Answers are bounded in number and bytes: asks until the limit or the end. */
  async #pages(from: number | undefined, limit: number, ask: (from: number | undefined, limit: number) => Promise<LogAnswer | undefined>): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (let next = from; ;) {
      const page = pageOf(await ask(next, limit - events.length));
      for (const event of page.events) events.push(decodeEvent(event));
      if (page.end || events.length >= limit) return events;
      next = page.cursor;
    }
  }
}

/**
 * The client for a port that `EmbeddedLog.attach` gave, in the thread to which it was transferred.
 * @param options.timeoutMs after which an answer is no longer waited for; 10 s unless told
 */
export const connectEmbeddedLog = (port: MessagePort, options: { readonly timeoutMs?: number } = {}): EmbeddedLogClient =>
  new EmbeddedLogClient(port, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
