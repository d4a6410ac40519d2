import { Worker } from 'node:worker_threads';
import { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError } from '#signing/contract.js';
import { workerEntry } from '../worker-entry.js';
import { sharedNow, type FromLedgerThread, type LedgerAnswer, type LedgerCall, type LedgerCalls, type LedgerFacts, type LedgerFault, type LedgerMethod, type LedgerRequest, type LedgerThreadSettings, type ToLedgerThread } from './ledger-calls.js';

export interface LedgerLimits {
  /** How long a request, the opening and the closing may take. Milliseconds. */
  readonly timeoutMs: number;
  /** Requests sent and not answered; one more is refused. */
  readonly maxWaiting: number;
}

/** The thread's heap for what lives shortly. */
const YOUNG_MB = 12;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

const errorOf = (fault: LedgerFault): Error => {
  switch (fault.kind) {
    case 'name-taken':
      return new LedgerNameTakenError(fault.message);
    case 'intent-exists':
      return new LedgerIntentExistsError(fault.message);
    case 'refused':
      return new LedgerRefusedError(fault.reason, fault.message);
    case 'unavailable':
      return new LedgerUnavailableError(fault.reason, fault.message);
  }
};

/** The owner's end of the ledger's thread: numbers requests, gives each a deadline, and rejects all of them when the thread ends. */
export class LedgerThread {
  readonly #worker: Worker;
  readonly #limits: LedgerLimits;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened: Promise<LedgerFacts>;
  readonly #ended: Promise<void>;
  #failOpening: (error: LedgerUnavailableError) => void = () => undefined;
  #outbox: LedgerRequest[] = [];
  #lastId = 0;
  #down: LedgerUnavailableError | undefined;

  constructor(settings: LedgerThreadSettings, limits: LedgerLimits) {
    this.#limits = limits;
    this.#worker = new Worker(workerEntry('libs/platform/src/ledger/ledger.worker'), { workerData: settings, name: 'ledger', execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    this.#opened = new Promise((resolve, reject) => {
      this.#failOpening = reject;
      this.#worker.on('message', (message: FromLedgerThread) => {
        if ('ready' in message) resolve(message.ready);
        else this.#hear(message);
      });
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#fail(new LedgerUnavailableError('FAILED', 'the thread of the ledger ended'));
        resolve();
      });
    });
    this.#worker.on('error', (error) => this.#fail(new LedgerUnavailableError('FAILED', `the thread of the ledger ended: ${error.message}`)));
  }

  /** @throws LedgerUnavailableError, and the thread has ended */
  async opened(): Promise<LedgerFacts> {
    const timer = setTimeout(() => this.#failOpening(new LedgerUnavailableError('TIMEOUT', 'the ledger did not open in time')), this.#limits.timeoutMs);
    try {
      return await this.#opened;
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws (rejects) what LedgerCalls says, or LedgerUnavailableError: then the call may have been done or not */
  call<M extends LedgerMethod>(method: M, ...args: Parameters<LedgerCalls[M]>): Promise<ReturnType<LedgerCalls[M]>> {
    if (this.#down !== undefined) return Promise.reject(this.#down);
    if (this.#waiting.size >= this.#limits.maxWaiting) return Promise.reject(new LedgerUnavailableError('OVERLOADED', `${this.#limits.maxWaiting} requests wait for the ledger`));
    const id = ++this.#lastId;
    const promise = new Promise<ReturnType<LedgerCalls[M]>>((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(new LedgerUnavailableError('TIMEOUT', `the ledger did not answer ${method} in ${this.#limits.timeoutMs} ms`)), this.#limits.timeoutMs);
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, timer });
    });
    if (this.#outbox.length === 0) queueMicrotask(() => this.#post());
    this.#outbox.push({ id, deadline: sharedNow() + this.#limits.timeoutMs, call: { method, args } as LedgerCall });
    return promise;
  }

  /** Answers what was asked before, then closes the file. Resolves when the thread is gone; a thread that does not end in time is ended. */
  async close(): Promise<void> {
    this.#post();
    this.#down ??= new LedgerUnavailableError('CLOSED', 'the ledger is closed');
    this.#worker.postMessage({ close: true } satisfies ToLedgerThread);
    const timer = setTimeout(() => void this.#worker.terminate(), this.#limits.timeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  /** What was asked for in one go crosses in one message. */
  #post(): void {
    if (this.#outbox.length === 0) return;
    const requests = this.#outbox;
    this.#outbox = [];
    try {
      this.#worker.postMessage({ requests } satisfies ToLedgerThread);
    } catch (error) {
      const message = `the ledger could not be asked: ${error instanceof Error ? error.message : String(error)}`;
      for (const { id } of requests) this.#settle(id)?.reject(new LedgerUnavailableError('FAILED', message));
    }
  }

  #hear(message: FromLedgerThread): void {
    if ('answers' in message) message.answers.forEach((answer) => this.#answer(answer));
    else if ('refusedToOpen' in message) this.#fail(new LedgerUnavailableError(message.refusedToOpen.reason, message.refusedToOpen.message));
  }

  #answer(answer: LedgerAnswer): void {
    const waiting = this.#settle(answer.id);
    if ('fault' in answer) waiting?.reject(errorOf(answer.fault));
    else waiting?.resolve(answer.value);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    return waiting;
  }

  #fail(error: LedgerUnavailableError): void {
    this.#down ??= error;
    this.#failOpening(error);
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(error);
  }
}
