import { LeaseLostError } from '#eventing/lease.port.js';
import type { HeldLease } from '#eventing/lease.port.js';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { DatabaseError } from './connections.js';
import type { Connections, Dialect, SqlConnection } from './connections.js';
import { leaseFence } from './lease-table.js';
import { lockKey, literal, placeholderOf, sql, textOf } from './sql.js';
import type { Placeholder, Sql } from './sql.js';
import type { RowOf, Table } from './table.js';
import { UpsertStatements } from './upsert-statements.js';

/** What a transaction can do. Ends with the function that it was given to. */
export class Transaction {
  constructor(
    private readonly connection: SqlConnection,
    private readonly placeholder: Placeholder,
    private readonly statements: UpsertStatements,
  ) {}

  query<Row>(query: Sql): Promise<readonly Row[]> {
    return this.connection.query(textOf(query, this.placeholder), query.values) as Promise<readonly Row[]>;
  }

  async run(statement: Sql): Promise<void> {
    await this.connection.query(textOf(statement, this.placeholder), statement.values);
  }

  /** Inserts rows, or replaces all columns of those whose key is there. Each key at most once in `rows`. */
  async upsert<Row extends RowOf>(table: Table<Row>, rows: readonly Row[]): Promise<void> {
    for (const { text, values, name } of this.statements.of(table, rows)) await this.connection.query(text, values, name);
  }

  async empty(table: { readonly name: string }): Promise<void> {
    await this.run(sql`DELETE FROM ${literal(table.name)}`);
  }
}

/** What must hold for a transaction to be one. SQLite has one writer, by the lock on its folder: there both are held always. */
export interface TransactionGuard {
  /** Transactions with the same lock come one after the other, whoever makes them. */
  readonly lock?: string;
  /** Nothing is committed once another holds it. */
  readonly lease?: HeldLease | undefined;
}

/**
 * A database that is shared by who writes and who reads. Every error of it comes out as StoreUnavailableError, without parameters: they hold what people sent.
 * SQLite: transactions and queries of one instance run one after the other. PostgreSQL: each on a connection of a bounded pool.
 */
export class ReadModelDatabase {
  readonly dialect: Dialect;
  readonly #placeholder: Placeholder;
  readonly #statements: UpsertStatements;

  /** @param scope locks of another one are others */
  constructor(private readonly connections: Connections, private readonly scope = '') {
    this.dialect = connections.dialect;
    this.#placeholder = placeholderOf(connections.dialect);
    this.#statements = new UpsertStatements(this.#placeholder);
  }

  query<Row>(query: Sql): Promise<readonly Row[]> {
    return this.#told((connection) => connection.query(textOf(query, this.#placeholder), query.values) as Promise<readonly Row[]>);
  }

  /** Commits what `work` did, or nothing of it. Errors of `work` that are none of the database come out as they are. @throws StoreUnavailableError, LeaseLostError */
  transaction<T>(work: (tx: Transaction) => Promise<T>, guard: TransactionGuard = {}): Promise<T> {
    return this.#told(async (connection) => {
      await connection.run(this.#begin(guard));
      try {
        const tx = new Transaction(connection, this.#placeholder, this.#statements);
        await this.#guarded(tx, guard);
        const result = await work(tx);
        await connection.commit();
        return result;
      } catch (error) {
        // SQLite ends a transaction by itself on a full disk, PostgreSQL with its connection.
        await connection.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.connections.close();
  }

  /** The lock comes first: what is read after it is what its last holder committed, also where whole tables were exchanged. */
  #begin({ lock }: TransactionGuard): string {
    if (this.dialect === 'sqlite') return 'BEGIN';
    return `BEGIN ISOLATION LEVEL READ COMMITTED${lock === undefined ? '' : `; SELECT pg_advisory_xact_lock(${lockKey(`${this.scope}/${lock}`)})`}`;
  }

  async #guarded(tx: Transaction, { lease }: TransactionGuard): Promise<void> {
    if (lease === undefined || this.dialect === 'sqlite') return;
    // Locked as well: who takes over waits for the end of this transaction.
    const [row] = await tx.query<{ fence: string }>(leaseFence(lease.name));
    if (row?.fence !== lease.fence.toString()) throw new LeaseLostError(lease.name);
  }

  async #told<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    try {
      return await this.connections.use(work);
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      throw new StoreUnavailableError(`the read model: ${error.message}`, { cause: error });
    }
  }
}
