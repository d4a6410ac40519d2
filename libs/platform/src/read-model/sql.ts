import { createHash } from 'node:crypto';

/** A piece of SQL with its parameters kept apart. Pieces nest; everything else in `${}` becomes a parameter. */
export interface Sql {
  readonly texts: readonly string[];
  readonly values: readonly SqlValue[];
}
export type SqlValue = string | number | bigint | null;

const isSql = (value: Sql | SqlValue): value is Sql => typeof value === 'object' && value !== null;

export function sql(strings: TemplateStringsArray, ...inserts: readonly (Sql | SqlValue)[]): Sql {
  const texts = [strings[0] ?? ''];
  const values: SqlValue[] = [];
  const extend = (text: string): void => void texts.push((texts.pop() ?? '') + text);
  for (const [i, insert] of inserts.entries()) {
    if (isSql(insert)) {
      extend(insert.texts[0] ?? '');
      texts.push(...insert.texts.slice(1));
      values.push(...insert.values);
      extend(strings[i + 1] ?? '');
    } else {
      values.push(insert);
      texts.push(strings[i + 1] ?? '');
    }
  }
  return { texts, values };
}

/** SQL without parameters, from a constant of ours: never from input. */
export const literal = (text: string): Sql => ({ texts: [text], values: [] });

export const joined = (parts: readonly Sql[], separator: string): Sql =>
  parts.reduce((all, part, i) => (i === 0 ? part : sql`${all}${literal(separator)}${part}`), literal(''));

/** `(?, ?, …)` for IN. @param values at least one */
export const listOf = (values: readonly SqlValue[]): Sql => ({ texts: ['(', ...values.slice(1).map(() => ', '), ')'], values });

export type Placeholder = (index: number) => string;
/** SQLite counts parameters itself, PostgreSQL wants them numbered. */
export const placeholderOf = (databaseType: string): Placeholder => (databaseType === 'postgres' ? (i) => `$${i + 1}` : () => '?');

export const textOf = ({ texts }: Sql, placeholder: Placeholder): string => texts.reduce((all, text, i) => (i === 0 ? text : all + placeholder(i - 1) + text), '');

/** As `listOf`, filled up with its last value to a power of two: few different texts, so that the prepared ones are found again. */
export function listOfMany(values: readonly SqlValue[]): Sql {
  let width = 1;
  while (width < values.length) width *= 2;
  return listOf(Array.from({ length: width }, (_, i) => values[Math.min(i, values.length - 1)] ?? null));
}

/** The number that PostgreSQL's advisory locks take in place of a name. */
export const lockKey = (name: string): bigint => createHash('sha256').update(name).digest().readBigInt64BE();
