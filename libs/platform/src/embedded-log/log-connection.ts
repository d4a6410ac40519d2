import type { MessagePort } from 'node:worker_threads';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import { WAITING_APPENDS, WAITING_BYTES, WAITING_READS } from './limits.js';
import type { AppendOutcome, AppendRequest, LogAnswer, LogRequest, Numbered, ReadRequest } from './protocol.js';

type WithoutNumber<T> = T extends unknown ? Omit<T, 'n'> : never;

interface Pending {
  /** 0 for what is no append. */
  readonly bytes: number;
  /** Beats of the connection's timer left: a paused process, or a blocked thread, does not let time pass for its requests. */
  beats: number;
  readonly settle: (answer: LogAnswer | undefined) => void;
  readonly fail: (error: Error) => void;
}

const BEATS = 20;

/**
 * One client's end of a port: numbers requests, sends those of one turn in one message, and gives each a time after which it is given up.
 * An append that gets no answer has an unknown outcome; a read that gets none was in vain.
 */
export class LogConnection {
  readonly #pending = new Map<number, Pending>();
  #outbox: LogRequest[] = [];
  #next = 1;
  #down: string | undefined;
  #waitingAppends = 0;
  #waitingBytes = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly port: MessagePort, readonly timeoutMs: number) {
    port.on('message', (answers: readonly Numbered[]) => this.#receive(answers));
    port.on('messageerror', () => this.#giveUp('an answer could not be read'));
    port.on('close', () => this.#giveUp('the event log is closed'));
    this.#timer = setInterval(() => this.#beat(), timeoutMs / BEATS);
    this.#timer.unref();
  }

  append(request: WithoutNumber<AppendRequest>): Promise<AppendOutcome> {
    if (this.#waitingAppends >= WAITING_APPENDS || this.#waitingBytes + request.bytes > WAITING_BYTES) {
      return Promise.reject(new StoreUnavailableError('too many appends are waiting'));
    }
    return this.#request(request, request.bytes).answer as Promise<AppendOutcome>;
  }

  /** `cancel` settles the answer with undefined, at once. */
  read(request: WithoutNumber<ReadRequest>): { readonly answer: Promise<LogAnswer | undefined>; readonly cancel: () => void } {
    // Subscriptions ask one after the other, and are not to break under a flood of reads.
    if (request.kind !== 'pull' && this.#pending.size - this.#waitingAppends >= WAITING_READS) return { answer: Promise.reject(new StoreUnavailableError('too many reads are waiting')), cancel: () => undefined };
    return this.#request(request, 0);
  }

  close(): void {
    this.#giveUp('the client of the event log is closed');
    this.port.close();
  }

  #request(request: WithoutNumber<LogRequest>, bytes: number): { readonly answer: Promise<LogAnswer | undefined>; readonly cancel: () => void } {
    if (this.#down !== undefined) return { answer: Promise.reject(new StoreUnavailableError(this.#down)), cancel: () => undefined };
    const n = this.#next;
    this.#next += 1;
    const answer = new Promise<LogAnswer | undefined>((settle, fail) => this.#pending.set(n, { bytes, beats: BEATS, settle, fail }));
    if (bytes > 0) {
      this.#waitingAppends += 1;
      this.#waitingBytes += bytes;
    }
    this.#send({ ...request, n });
    return { answer, cancel: () => this.#cancel(n) };
  }

  #send(request: LogRequest): void {
    // After the promises that are being resolved now: the writers woken by one message send their next appends in one message.
    if (this.#outbox.length === 0) process.nextTick(() => this.#flush());
    this.#outbox.push(request);
  }

  #flush(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    if (this.#down === undefined) this.port.postMessage(requests);
  }

  #receive(answers: readonly Numbered[]): void {
    for (const { n, answer } of answers) this.#take(n)?.settle(answer);
  }

  #take(n: number): Pending | undefined {
    const pending = this.#pending.get(n);
    if (pending === undefined) return undefined;
    this.#pending.delete(n);
    if (pending.bytes > 0) {
      this.#waitingAppends -= 1;
      this.#waitingBytes -= pending.bytes;
    }
    return pending;
  }

  #cancel(n: number): void {
    const pending = this.#take(n);
    if (pending === undefined) return;
    this.#send({ kind: 'cancel', n });
    pending.settle(undefined);
  }

  #beat(): void {
    for (const [n, pending] of this.#pending) {
      pending.beats -= 1;
      if (pending.beats < 0) this.#reject(n, `no answer within ${this.timeoutMs} ms`);
    }
  }

  #reject(n: number, reason: string): void {
    const pending = this.#take(n);
    pending?.fail(pending.bytes > 0 ? new OutcomeUnknownError(reason) : new StoreUnavailableError(reason));
  }

  #giveUp(reason: string): void {
    if (this.#down !== undefined) return;
    this.#down = reason;
    clearInterval(this.#timer);
    for (const n of [...this.#pending.keys()]) this.#reject(n, reason);
  }
}
