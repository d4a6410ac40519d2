import { EntitySchema } from 'typeorm';
import type { QueryRunner } from 'typeorm';
import type { SqlValue } from './sql.js';

/** The table in which TypeORM keeps which migrations were made. */
export const MIGRATIONS = 'schema_migration';

export type RowOf = { readonly [column: string]: SqlValue };
type ColumnType = 'text' | 'integer' | 'bigint';
/** `?` marks a column that may be null. */
export type ColumnSpec = ColumnType | `${ColumnType}?`;

/** A table of the read model, for the upserts and the migrations of every database that we run on. */
export interface Table<Row extends RowOf> {
  readonly name: string;
  /** What a row is recognised by. */
  readonly key: readonly (keyof Row & string)[];
  readonly columns: readonly { readonly property: keyof Row & string; readonly name: string }[];
  readonly entity: EntitySchema<Row>;
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function table<Row extends RowOf>(name: string, key: readonly (keyof Row & string)[], columns: { readonly [P in keyof Row & string]: ColumnSpec }): Table<Row> {
  const specs = Object.entries<ColumnSpec>(columns);
  const entity = new EntitySchema<Row>({
    name,
    tableName: name,
    columns: Object.fromEntries(
      specs.map(([property, spec]) => [property, { name: snakeCase(property), type: spec.replace('?', '') as ColumnType, primary: (key as readonly string[]).includes(property), nullable: spec.endsWith('?') }]),
    ) as never,
  });
  return { name, key, columns: specs.map(([property]) => ({ property, name: snakeCase(property) })), entity };
}

/** What a context adds to the read model. Typed loosely here alone: rows differ from table to table. */
export interface ReadModelPart {
  readonly tables: readonly { readonly name: string; readonly entity: EntitySchema }[];
  readonly migrations: readonly (new () => { up(runner: QueryRunner): Promise<void>; down(runner: QueryRunner): Promise<void> })[];
}

/**
 * Words of DDL in which SQLite and PostgreSQL differ.
 * Positions are 64-bit integers on both, so that they order without tricks; they are read as text (`CAST(… AS TEXT)`), since a JS number
 * holds 53 bits only. `rowId`: in SQLite the key of the table itself, so that appending rows writes no index. `byKey`: a table of nothing but its key.
 * Texts compare by bytes, as they do in JS for what we store.
 */
export function ddl(runner: QueryRunner): { readonly text: string; readonly rowId: string; readonly byKey: string } {
  return runner.dataSource.options.type === 'postgres' ? { text: 'TEXT COLLATE "C"', rowId: 'BIGINT', byKey: '' } : { text: 'TEXT', rowId: 'INTEGER', byKey: 'WITHOUT ROWID' };
}
