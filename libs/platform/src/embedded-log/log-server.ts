import { setImmediate as afterInput } from 'node:timers';
import type { MessagePort } from 'node:worker_threads';
import { LogDownError } from './event-log.js';
import type { EventLog } from './event-log.js';
import { GROUP_APPENDS, GROUP_BYTES, READ_SLICE_MS } from './limits.js';
import { pullEvents, readAllPage, readEventAt, readStreamPage } from './log-reads.js';
import type { AppendRequest, LogAnswer, LogRequest, Numbered, PullRequest, ReadRequest } from './protocol.js';

/** One client. Its answers of one turn leave in one message. */
interface Session {
  readonly port: MessagePort;
  readonly outbox: Numbered[];
  readonly parked: Map<number, ParkedPull>;
}
interface ParkedPull {
  readonly request: PullRequest;
  /** How far the log has been looked through for it: events that it does not want are not looked at again. */
  after: number;
  readonly until: number;
}
interface Waiting<T> {
  readonly session: Session;
  readonly request: T;
}

const PARKED_CHECK_MS = 100;

/**
 * Serves clients by turns: what arrived while the last group was written is the next group, so that a flush is shared by whoever waits;
 * then reads for a few milliseconds; then all answers leave.
 */
export class LogServer {
  readonly #sessions = new Set<Session>();
  #appends: Waiting<AppendRequest>[] = [];
  #reads: Waiting<ReadRequest>[] = [];
  #scheduled = false;
  #deliveredTo: number;
  readonly #parkedCheck: NodeJS.Timeout;

  constructor(private readonly log: EventLog) {
    this.#deliveredTo = log.visible;
    this.#parkedCheck = setInterval(() => this.#schedule(), PARKED_CHECK_MS);
  }

  attach(port: MessagePort): void {
    const session: Session = { port, outbox: [], parked: new Map() };
    this.#sessions.add(session);
    port.on('message', (requests: readonly LogRequest[]) => this.#receive(session, requests));
    port.on('close', () => this.#detach(session));
  }

  /** Writes what waits, answers it and lets the clients go. */
  close(): void {
    clearInterval(this.#parkedCheck);
    while (this.#appends.length > 0) this.#commitGroup();
    for (const session of this.#sessions) {
      this.#send(session);
      session.port.close();
    }
  }

  #receive(session: Session, requests: readonly LogRequest[]): void {
    for (const request of requests) {
      if (request.kind === 'append') this.#appends.push({ session, request });
      else if (request.kind === 'cancel') session.parked.delete(request.n);
      else this.#reads.push({ session, request });
    }
    this.#schedule();
  }

  #detach(session: Session): void {
    this.#sessions.delete(session);
    session.parked.clear();
    this.#reads = this.#reads.filter((waiting) => waiting.session !== session);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    afterInput(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.#appends.length > 0) this.#commitGroup();
    this.#serveReads();
    // A failed group may have been found written after all: what counts is how far the log may be seen.
    this.#servePulls(this.log.visible !== this.#deliveredTo);
    this.#deliveredTo = this.log.visible;
    for (const session of this.#sessions) this.#send(session);
    this.log.maintain();
    if (this.#appends.length > 0 || this.#reads.length > 0) this.#schedule();
  }

  #commitGroup(): void {
    let count = 0;
    let bytes = 0;
    for (const { request } of this.#appends) {
      if (count === GROUP_APPENDS || (count > 0 && bytes + request.bytes > GROUP_BYTES)) break;
      count += 1;
      bytes += request.bytes;
    }
    const group = this.#appends.slice(0, count);
    this.#appends = this.#appends.slice(count);
    const outcomes = this.log.commit(group.map(({ request }) => request));
    outcomes.forEach((outcome, index) => {
      const waiting = group[index];
      if (waiting !== undefined) this.#answer(waiting.session, waiting.request.n, outcome);
    });
  }

  /** One bounded step per request, for as long as a slice lasts; at least one, or a flood of appends would starve readers. */
  #serveReads(): void {
    const end = performance.now() + READ_SLICE_MS;
    let served = 0;
    for (const { session, request } of this.#reads) {
      served += 1;
      const answer = this.#read(session, request);
      if (answer !== undefined) this.#answer(session, request.n, answer);
      if (performance.now() >= end) break;
    }
    this.#reads = this.#reads.slice(served);
  }

  #read(session: Session, request: ReadRequest): LogAnswer | undefined {
    try {
      switch (request.kind) {
        case 'store-id': return { kind: 'store-id', storeId: this.log.storeId };
        case 'read-stream': return readStreamPage(this.log, request);
        case 'read-all': return readAllPage(this.log, request);
        case 'read-at': return readEventAt(this.log, request);
        case 'pull': return this.#pull(session, request);
      }
    } catch (error) {
      if (error instanceof LogDownError) return { kind: 'unavailable', reason: error.message };
      throw error;
    }
  }

  #pull(session: Session, request: PullRequest): LogAnswer | undefined {
    const pulled = pullEvents(this.log, request);
    if (pulled.events.length > 0 || !pulled.drained || request.wait === 0) return pulled;
    session.parked.set(request.n, { request, after: pulled.cursor, until: performance.now() + request.wait });
    return undefined;
  }

  #servePulls(moved: boolean): void {
    const now = performance.now();
    for (const session of this.#sessions) {
      for (const [n, parked] of session.parked) {
        if (!moved && now < parked.until) continue;
        const answer = this.#repeat(parked);
        if (answer.kind === 'pulled') parked.after = answer.cursor;
        // An answer without events, in time, tells the client that the log still lives.
        if (answer.kind === 'pulled' && answer.events.length === 0 && answer.drained && now < parked.until) continue;
        session.parked.delete(n);
        this.#answer(session, n, answer);
      }
    }
  }

  #repeat({ request, after }: ParkedPull): LogAnswer {
    try {
      return pullEvents(this.log, { ...request, after });
    } catch (error) {
      if (error instanceof LogDownError) return { kind: 'unavailable', reason: error.message };
      throw error;
    }
  }

  #answer(session: Session, n: number, answer: LogAnswer): void {
    session.outbox.push({ n, answer });
  }

  #send(session: Session): void {
    if (session.outbox.length === 0) return;
    session.port.postMessage(session.outbox);
    session.outbox.length = 0;
  }
}
