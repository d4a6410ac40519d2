import type { SqlValue } from './sql.js';

export type Dialect = 'sqlite' | 'postgres';

/** One connection, as whoever holds it sees it. */
export interface SqlConnection {
  /**
   * One statement. @param name its text is the same each time: prepared once, where the database gains by it
   * @returns its rows; none for a statement that gives none @throws DatabaseError
   */
  query(text: string, values: readonly SqlValue[], name?: string): Promise<readonly unknown[]>;
  /** Statements without values, of constants of ours. @throws DatabaseError */
  run(text: string): Promise<void>;
  /** @throws DatabaseError: all of it is committed, or nothing */
  commit(): Promise<void>;
}

/** Where connections come from: one that is shared in turn, or a bounded pool. */
export interface Connections {
  readonly dialect: Dialect;
  /** `work` has the connection for itself. After an error it can't tell the state of, a connection is not used again. @throws DatabaseError, and what `work` throws */
  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What the database answered, or that it did not. Its text has neither parameters, which hold what people sent, nor the connection string. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  /** @param code the database's own, else the system's, or a word for what happened */
  constructor(readonly code: string, text = code, options?: ErrorOptions) {
    super(text, options);
  }
}
