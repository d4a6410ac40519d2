import { Client } from 'pg';
import { LedgerUnavailableError } from '#signing/contract.js';
import { destroyClient, endClient } from '../../postgres/end-client.js';
import { isAnswer, type Spoken } from './postgres-faults.js';

export interface LedgerSessionOptions {
  readonly url: string;
  /** Tells this session from every other one of the database. */
  readonly applicationName: string;
  /** For connecting, for a statement, and for waiting until there is a session. Milliseconds. */
  readonly timeoutMs: number;
  readonly said: Spoken;
  /** Makes a new session fit for use; a rejection is tried again later. */
  readonly prepare: (client: Client) => Promise<void>;
  /** The session is gone; the next one is on its way. */
  readonly lost: () => void;
}

const AGAIN_AFTER_MS = 50;
const AGAIN_AFTER_AT_MOST_MS = 1_000;
/** The server cancels a statement first, and says so; an answer that does not come at all is given up after so much more. */
const ANSWER_MS = 1_000;
/** A peer that is gone without a word is noticed, by either side, after 5 s + 3 × 2 s: until then its names stay locked. */
const KEEPALIVE_IDLE_MS = 5_000;
const SETTINGS = `SET search_path = pg_catalog; SET jit = off; SET client_min_messages = warning; SET default_transaction_isolation = 'read committed';
  SET tcp_keepalives_idle = ${KEEPALIVE_IDLE_MS / 1_000}; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 11000`;

/** One session with the database, made again whenever it was lost, until it is closed. */
export class LedgerSession {
  #client: Client | undefined;
  #why: LedgerUnavailableError = new LedgerUnavailableError('FAILED', 'the database of the ledger was not asked yet');
  #closed = false;
  #waiting: ((client: Client | undefined) => void)[] = [];
  readonly #working = new Set<Promise<unknown>>();
  #wake: () => void = () => undefined;

  constructor(private readonly options: LedgerSessionOptions) {}

  /** The first one. @throws LedgerUnavailableError when it can't be had: nothing is tried again */
  async open(): Promise<void> {
    this.#serve(await this.#connect());
  }

  /**
   * Asks the database, once. Waits for a session if there is none.
   * @throws LedgerUnavailableError: then the work may have been done or not, unless the reason is CLOSED
   */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    const client = this.#client ?? (await this.#next());
    const done = work(client);
    this.#working.add(done);
    try {
      return await done;
    } catch (error) {
      // What still runs there, or comes late, is never taken for the answer to another question.
      if (!isAnswer(error)) this.#drop(client, error);
      throw this.options.said(error);
    } finally {
      this.#working.delete(done);
    }
  }

  /** Why there is no session at the moment. */
  get missing(): string | undefined {
    return this.#client === undefined ? this.#why.message : undefined;
  }

  /** Waits for what was asked before. Resolves when the database was told, or did not listen in time. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#why = new LedgerUnavailableError('CLOSED', 'the ledger is closed');
    this.#wake();
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    const client = this.#client;
    this.#client = undefined;
    await Promise.allSettled([...this.#working]);
    if (client !== undefined) await endClient(client);
  }

  #next(): Promise<Client> {
    if (this.#closed) return Promise.reject(this.#why);
    return new Promise((resolve, reject) => {
      const settle = (client: Client | undefined): void => {
        clearTimeout(timer);
        if (client === undefined) reject(this.#why);
        else resolve(client);
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((w) => w !== settle);
        settle(undefined);
      }, this.options.timeoutMs);
      this.#waiting.push(settle);
    });
  }

  async #connect(): Promise<Client> {
    const { said, prepare } = this.options;
    let client: Client | undefined;
    const broken: Error[] = [];
    try {
      client = newClient(this.options);
      client.on('error', (error) => broken.push(error));
      client.on('end', () => broken.push(new Error('the connection ended')));
      await client.connect();
      await client.query(SETTINGS);
      await prepare(client);
      const [gone] = broken;
      if (gone !== undefined) throw gone;
      return client;
    } catch (error) {
      if (client !== undefined) destroyClient(client);
      throw said(error);
    }
  }

  #serve(client: Client): void {
    if (this.#closed) return void endClient(client);
    client.on('error', (error) => this.#drop(client, error));
    client.on('end', () => this.#drop(client, new Error('the connection ended')));
    this.#client = client;
    for (const resolve of this.#waiting.splice(0)) resolve(client);
  }

  #drop(client: Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#why = this.options.said(error);
    destroyClient(client);
    this.options.lost();
    void this.#again();
  }

  async #again(): Promise<void> {
    for (let after = AGAIN_AFTER_MS; !this.#closed; after = Math.min(2 * after, AGAIN_AFTER_AT_MOST_MS)) {
      try {
        return this.#serve(await this.#connect());
      } catch (error) {
        if (!this.#closed) this.#why = this.options.said(error);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, after);
        this.#wake = () => (clearTimeout(timer), resolve());
      });
    }
  }
}

const newClient = ({ url, applicationName, timeoutMs }: Pick<LedgerSessionOptions, 'url' | 'applicationName' | 'timeoutMs'>): Client =>
  new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + ANSWER_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_IDLE_MS,
  });
