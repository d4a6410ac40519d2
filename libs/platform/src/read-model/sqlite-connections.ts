import { QueryFailedError } from 'typeorm';
import type { DataSource, QueryRunner } from 'typeorm';
import { DatabaseError } from './connections.js';
import type { Connections, SqlConnection } from './connections.js';
import type { SqlValue } from './sql.js';

/** SQLite's one connection, through TypeORM. Who asks for it has it in turn: it is shared, and what is uncommitted is nobody's to read. */
export class SqliteConnections implements Connections {
  readonly dialect = 'sqlite';
  #last: Promise<unknown> = Promise.resolve();

  /** @param damaged told when the database says that its file is broken */
  constructor(private readonly dataSource: DataSource, private readonly damaged: () => void = () => undefined) {}

  use<T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      if (!this.dataSource.isInitialized) throw new DatabaseError('closed', 'it is closed');
      const runner = this.dataSource.createQueryRunner();
      try {
        return await work(new SqliteConnection(runner));
      } catch (error) {
        if (isDamage(error)) this.damaged();
        throw asDatabaseError(error);
      } finally {
        await runner.release();
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.dataSource.isInitialized) await this.dataSource.destroy();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

class SqliteConnection implements SqlConnection {
  constructor(private readonly runner: QueryRunner) {}

  async query(text: string, values: readonly SqlValue[]): Promise<readonly unknown[]> {
    const rows: unknown = await this.runner.query(text, [...values]);
    // A statement that returns nothing answers with a number.
    return Array.isArray(rows) ? (rows as readonly unknown[]) : [];
  }

  async run(text: string): Promise<void> {
    await this.runner.query(text);
  }

  async commit(): Promise<void> {
    await this.runner.query('COMMIT');
  }
}

const codeOf = (error: unknown): string | undefined => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : undefined);

/** What SQLite said, without the parameters, which TypeORM's own error carries; errors that are none of its come back as they are. */
function asDatabaseError(error: unknown): unknown {
  if (error instanceof QueryFailedError) {
    const cause: unknown = error.driverError;
    const code = codeOf(cause) ?? 'refused by its driver';
    return new DatabaseError(code, code, { cause });
  }
  const code = codeOf(error);
  return code?.startsWith('SQLITE_') === true && !(error instanceof DatabaseError) ? new DatabaseError(code, code, { cause: error }) : error;
}

/** Whether SQLite says that its file is broken. */
export function isDamage(error: unknown): boolean {
  const said = asDatabaseError(error);
  return said instanceof DatabaseError && /^SQLITE_(CORRUPT|NOTADB)/.test(said.code);
}
