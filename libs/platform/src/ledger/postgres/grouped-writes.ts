import { LedgerUnavailableError } from '#signing/contract.js';
import { MAX_FAILED_PINS } from '../ledger-limits.js';
import { isRefused, refusalOf, type Spoken } from './postgres-faults.js';
import type { LedgerSession } from './ledger-session.js';

/** What `countersign_ledger.write` takes; `record` is what the chain gets if it is written. */
export type LedgerWrite =
  | {
      readonly do: 'intend'; readonly signer: string; readonly incarnation: string; readonly signOrderId: string; readonly operationId: string; readonly keyId: string;
      readonly count: number; readonly relied: string; readonly atMost: number; readonly record: string;
    }
  | { readonly do: 'release'; readonly signOrderId: string; readonly count: number; readonly record: string }
  | { readonly do: 'signatures'; readonly signOrderId: string; readonly signatures: string }
  | { readonly do: 'accept-store'; readonly storeId: string; readonly head: string; readonly principals: string; readonly eventId: string; readonly record: string }
  | { readonly do: 'note'; readonly topic: string; readonly key: string; readonly value: string; readonly record: string }
  | { readonly do: 'checkpoint'; readonly name: string; readonly storeId: string; readonly position: string; readonly eventId: string }
  | { readonly do: 'failed-pin'; readonly hash: string };

/** Bounds what one commit makes wait, what one failure rejects, and a message. */
const MAX_GROUP = 256;
const MAX_GROUP_CHARACTERS = 8 * 1024 * 1024;

interface Waiting {
  readonly write: LedgerWrite;
  readonly json: string;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Writes one group after the other: whatever came while the last one was committed goes into the next. */
export class GroupedWrites {
  #waiting: Waiting[] = [];
  #sent = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #lastOrder: string | undefined;

  constructor(private readonly session: LedgerSession, private readonly said: Spoken, private readonly limits: { readonly timeoutMs: number; readonly maxWaiting: number }) {}

  /** The last order whose intent was acknowledged here: a ledger without it was set back. */
  get lastOrder(): string | undefined {
    return this.#lastOrder;
  }

  /**
   * Resolves when it is flushed, with what the function of the schema said: null when it was done now. What is not sent within the time is never sent.
   * @throws what the write is refused with, or LedgerUnavailableError: then it may have been written or not
   */
  write(write: LedgerWrite): Promise<unknown> {
    if (this.#closed) return Promise.reject(new LedgerUnavailableError('CLOSED', 'the ledger is closed'));
    if (this.#waiting.length + this.#sent >= this.limits.maxWaiting) return Promise.reject(new LedgerUnavailableError('OVERLOADED', `${this.limits.maxWaiting} requests wait for the ledger`));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((w) => w.timer !== timer);
        reject(new LedgerUnavailableError('TIMEOUT', this.session.missing ?? `the database of the ledger did not take it in ${this.limits.timeoutMs} ms`));
      }, this.limits.timeoutMs);
      this.#waiting.push({ write, json: JSON.stringify(write), resolve, reject, timer });
      this.#running ??= this.#run();
    });
  }

  /** Answers what was asked for before. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Those whom the last group answered ask for more in this turn.
      await new Promise((resolve) => setImmediate(resolve));
      await this.session.use((client) => this.#send((group) => client.query<{ readonly answers: readonly unknown[] }>({ name: 'write', text: 'SELECT countersign_ledger.write($1::jsonb, $2::integer) AS answers', values: [group, MAX_FAILED_PINS] }))).catch(() => undefined);
    }
    this.#running = undefined;
  }

  async #send(query: (group: string) => Promise<{ readonly rows: readonly { readonly answers: readonly unknown[] }[] }>): Promise<void> {
    const group = this.#take();
    if (group.length === 0) return;
    this.#sent = group.length;
    try {
      const { rows: [row] } = await query(`[${group.map((w) => w.json).join(',')}]`);
      for (const [i, waiting] of group.entries()) this.#answer(waiting, row?.answers[i]);
    } catch (error) {
      const told = this.said(error);
      for (const { reject } of group) reject(told);
      throw error;
    } finally {
      this.#sent = 0;
    }
  }

  #answer({ write, resolve, reject }: Waiting, answer: unknown): void {
    if (isRefused(answer)) return reject(refusalOf(answer));
    if (answer === undefined) return reject(new LedgerUnavailableError('FAILED', 'the database of the ledger gave too few answers'));
    if (write.do === 'intend') this.#lastOrder = write.signOrderId;
    resolve(answer);
  }

  #take(): readonly Waiting[] {
    let characters = 0;
    let n = 0;
    for (const { json } of this.#waiting) {
      characters += json.length;
      if (n > 0 && (n >= MAX_GROUP || characters > MAX_GROUP_CHARACTERS)) break;
      n += 1;
    }
    const group = this.#waiting.slice(0, n);
    this.#waiting = this.#waiting.slice(n);
    for (const { timer } of group) clearTimeout(timer);
    return group;
  }
}
