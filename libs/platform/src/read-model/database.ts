import { QueryFailedError } from 'typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { sql, literal, placeholderOf, textOf } from './sql.js';
import type { Placeholder, Sql } from './sql.js';
import type { RowOf, Table } from './table.js';
import { UpsertStatements } from './upsert-statements.js';

const codeOf = (error: unknown): string | undefined => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined);

/** What the database said; undefined for an error that is none of its. Never with the parameters, which TypeORM's own error carries. */
function databaseError(error: unknown): { readonly code: string; readonly cause: unknown } | undefined {
  if (error instanceof QueryFailedError) {
    const cause: unknown = error.driverError;
    return { code: codeOf(cause) ?? 'refused by its driver', cause };
  }
  const code = codeOf(error);
  return code?.startsWith('SQLITE_') === true ? { code, cause: error } : undefined;
}
export const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(databaseError(error)?.code ?? '');

/** What a transaction can do. Ends with the function that it was given to. */
export class Transaction {
  constructor(
    private readonly runner: QueryRunner,
    private readonly placeholder: Placeholder,
    private readonly statements: UpsertStatements,
  ) {}

  async query<Row>(query: Sql): Promise<readonly Row[]> {
    const rows: unknown = await this.runner.query(textOf(query, this.placeholder), [...query.values]);
    // A statement that returns nothing answers with a number in SQLite.
    return Array.isArray(rows) ? (rows as readonly Row[]) : [];
  }

  async run(statement: Sql): Promise<void> {
    await this.runner.query(textOf(statement, this.placeholder), [...statement.values]);
  }

  /** Inserts rows, or replaces all columns of those whose key is there. Each key at most once in `rows`. */
  async upsert<Row extends RowOf>(table: Table<Row>, rows: readonly Row[]): Promise<void> {
    for (const { text, values } of this.statements.of(table, rows)) await this.runner.query(text, values);
  }

  async empty(table: { readonly name: string }): Promise<void> {
    await this.run(sql`DELETE FROM ${literal(table.name)}`);
  }
}

/**
 * One connection to the read model. Every error of the database comes out as StoreUnavailableError, without parameters: they hold what people sent.
 * Transactions and queries of one instance run one after the other: SQLite's connection is shared, and what is uncommitted is nobody's to read.
 */
export class ReadModelDatabase {
  readonly #placeholder: Placeholder;
  readonly #statements: UpsertStatements;
  #last: Promise<unknown> = Promise.resolve();

  /** @param damaged told once when the database says that its file is broken */
  constructor(private readonly dataSource: DataSource, private readonly damaged: () => void = () => undefined) {
    this.#placeholder = placeholderOf(dataSource.options.type);
    this.#statements = new UpsertStatements(this.#placeholder);
  }

  query<Row>(query: Sql): Promise<readonly Row[]> {
    return this.#inTurn(async (runner) => new Transaction(runner, this.#placeholder, this.#statements).query<Row>(query));
  }

  /** Commits what `work` did, or nothing of it. Errors of `work` that are none of the database come out as they are. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inTurn(async (runner) => {
      // Not TypeORM's own bookkeeping of transactions: SQLite ends one by itself on a full disk, and a failed ROLLBACK would leave TypeORM inside for ever.
      await runner.query('BEGIN');
      try {
        const result = await work(new Transaction(runner, this.#placeholder, this.#statements));
        await runner.query('COMMIT');
        return result;
      } catch (error) {
        await runner.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  close(): Promise<void> {
    return this.#chain(async () => {
      if (this.dataSource.isInitialized) await this.dataSource.destroy();
    });
  }

  #inTurn<T>(work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    return this.#chain(async () => {
      if (!this.dataSource.isInitialized) throw new StoreUnavailableError('the read model is closed');
      const runner = this.dataSource.createQueryRunner();
      try {
        return await work(runner);
      } catch (error) {
        const failed = databaseError(error);
        if (failed === undefined) throw error;
        if (isDamage(error)) this.damaged();
        throw new StoreUnavailableError(`the read model: ${failed.code}`, { cause: failed.cause });
      } finally {
        await runner.release();
      }
    });
  }

  #chain<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
