import { Pool } from 'pg';
import type { PoolClient } from 'pg';
import { DatabaseError } from './connections.js';
import type { Connections, SqlConnection } from './connections.js';
import { postgresFailure, saysItself } from './postgres-failure.js';
import { connectionOf } from './postgres-url.js';
import type { SqlValue } from './sql.js';

export interface PoolLimits {
  /** Open at once, at most. */
  readonly connections: number;
  /** Who waits for one of them, at most: more are refused at once. */
  readonly waiting: number;
  /** A statement that takes longer is cut off, by the server, ms. */
  readonly statementMs: number;
  /** A commit does not wait for the disk: what is lost with the machine is made again. */
  readonly relaxed?: boolean;
  /** Nothing but reading. */
  readonly readOnly?: boolean;
}

/** For a connection, and for one of the pool to become free. */
const CONNECT_TIMEOUT_MS = 3_000;
/** So much longer than the server's own limit the client waits for its answer: then the connection is given up. */
const ANSWER_GRACE_MS = 2_000;
/** A process that stands still in the middle of a transaction holds its locks so long: others take over after a lease's 6 s. */
const IDLE_IN_TRANSACTION_MS = 5_000;
const IDLE_MS = 30_000;
/** No query here runs long enough to be worth compiling, though a union of hundreds of short walks is taken for one. */
const NO_JIT = '-c jit=off';
const KEEP_ALIVE_MS = 5_000;
const CLOSE_MS = 2_000;

/** A bounded pool of connections to one schema. It connects when it is asked, and again after the server was away. */
export class PostgresConnections implements Connections {
  readonly dialect = 'postgres';
  private readonly pool: Pool;
  /** Who has a connection, or waits for one. */
  #asked = 0;

  /** @param schema unqualified names mean its tables */
  constructor(url: string, schema: string, private readonly limits: PoolLimits) {
    this.pool = new Pool({
      ...connectionOf(url, [`-c search_path=${schema}`, NO_JIT, ...(limits.relaxed === true ? ['-c synchronous_commit=off'] : []), ...(limits.readOnly === true ? ['-c default_transaction_read_only=on'] : [])]),
      max: limits.connections,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      statement_timeout: limits.statementMs,
      query_timeout: limits.statementMs + ANSWER_GRACE_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    });
    // An idle connection that broke is out of the pool already.
    this.pool.on('error', () => undefined);
  }

  async use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    if (this.#asked >= this.limits.connections + this.limits.waiting) throw new DatabaseError('busy', 'too many wait for a connection');
    this.#asked += 1;
    try {
      return await this.#holding(work);
    } finally {
      this.#asked -= 1;
    }
  }

  async #holding<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw postgresFailure(error);
    });
    // Whoever waits for an answer is told by it; without a listener the event would end the process.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    const connection = new PostgresConnection(client);
    try {
      return await work(connection);
    } finally {
      client.off('error', ignore);
      client.release(connection.broken);
    }
  }

  async close(): Promise<void> {
    if (this.pool.ending) return;
    // A server that stands still does not keep the process from ending.
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.pool.end(), new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_MS)))]);
    clearTimeout(timer);
  }
}

class PostgresConnection implements SqlConnection {
  /** Nobody knows what state it is in. */
  broken = false;
  constructor(private readonly client: PoolClient) {}

  async query(text: string, values: readonly SqlValue[], name?: string): Promise<readonly unknown[]> {
    const { rows } = await this.#ask(() => this.client.query<Record<string, unknown>>({ text, values: values.map(storable), ...(name === undefined ? {} : { name }) }));
    return rows;
  }

  async run(text: string): Promise<void> {
    await this.#ask(() => this.client.query(text));
  }

  async commit(): Promise<void> {
    const { command } = await this.#ask(() => this.client.query('COMMIT'));
    // What it answers when a statement of the transaction had failed, whoever caught that.
    if (command !== 'COMMIT') throw new DatabaseError('rolled back', 'the transaction was rolled back');
  }

  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (!saysItself(error)) this.broken = true;
      throw postgresFailure(error);
    }
  }
}

/** PostgreSQL stores no U+0000 and no half of a surrogate pair: the same character stands for them wherever they are written or looked for. */
const storable = (value: SqlValue): string | number | null => {
  if (typeof value === 'bigint') return value.toString();
  return typeof value === 'string' && UNSTORABLE.test(value) ? value.replace(UNSTORABLE_ALL, '\uFFFD') : value;
};
const UNSTORABLE = /[\0\p{Surrogate}]/u;
const UNSTORABLE_ALL = /[\0\p{Surrogate}]/gu;
