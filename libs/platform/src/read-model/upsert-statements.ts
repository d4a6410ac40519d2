import type { Placeholder, SqlValue } from './sql.js';
import type { RowOf, Table } from './table.js';

/** Rows of one statement at most; SQLite takes 32,766 parameters, PostgreSQL 65,535. */
const MOST_ROWS = 64;

/**
 * Multi-row upserts as both databases know them. TypeORM's own query builder spends about as long on one row as SQLite on fifty, so only its
 * connection is used. Rows go in groups of powers of two: a few texts per table, each prepared once.
 */
export class UpsertStatements {
  readonly #texts = new Map<string, string>();
  constructor(private readonly placeholder: Placeholder) {}

  *of<Row extends RowOf>(table: Table<Row>, rows: readonly Row[]): Generator<{ readonly text: string; readonly values: SqlValue[]; readonly name: string }> {
    for (let from = 0; from < rows.length; ) {
      let count = MOST_ROWS;
      while (count > rows.length - from) count /= 2;
      const values: SqlValue[] = [];
      for (let i = from; i < from + count; i += 1) {
        const row = rows[i];
        if (row !== undefined) for (const { property } of table.columns) values.push(row[property] ?? null);
      }
      from += count;
      yield { text: this.text(table, count), values, name: `upsert ${table.name} ${count}` };
    }
  }

  private text<Row extends RowOf>(table: Table<Row>, count: number): string {
    const name = `${table.name} ${count}`;
    let text = this.#texts.get(name);
    if (text === undefined) {
      const width = table.columns.length;
      const row = (r: number): string => `(${table.columns.map((_, c) => this.placeholder(r * width + c)).join(', ')})`;
      const key = table.columns.filter((c) => table.key.includes(c.property)).map((c) => c.name);
      const others = table.columns.filter((c) => !table.key.includes(c.property)).map((c) => `${c.name} = excluded.${c.name}`);
      text = `INSERT INTO ${table.name} (${table.columns.map((c) => c.name).join(', ')}) VALUES ${Array.from({ length: count }, (_, r) => row(r)).join(', ')} ON CONFLICT (${key.join(', ')}) DO ${others.length === 0 ? 'NOTHING' : `UPDATE SET ${others.join(', ')}`}`;
      this.#texts.set(name, text);
    }
    return text;
  }
}
