import { joined, listOf, listOfMany, literal, placeholderOf, sql, textOf } from './sql.js';

const text = (query: Parameters<typeof textOf>[0], database = 'better-sqlite3'): string => textOf(query, placeholderOf(database));

describe('sql', () => {
  it('keeps parameters apart from text', () => {
    const query = sql`SELECT * FROM t WHERE a = ${"'; DROP TABLE t"} AND b = ${2n}`;
    expect(text(query)).toBe('SELECT * FROM t WHERE a = ? AND b = ?');
    expect(query.values).toEqual(["'; DROP TABLE t", 2n]);
  });

  it('numbers the parameters of nested pieces for PostgreSQL', () => {
    const where = joined([sql`a = ${1}`, sql`b IN ${listOf([2, 3])}`, literal('c IS NULL')], ' AND ');
    const query = sql`SELECT ${literal('x')} FROM t WHERE ${where} LIMIT ${4}`;
    expect(text(query, 'postgres')).toBe('SELECT x FROM t WHERE a = $1 AND b IN ($2, $3) AND c IS NULL LIMIT $4');
    expect(query.values).toEqual([1, 2, 3, 4]);
  });

  it('fills lists up to powers of two', () => {
    expect(text(listOfMany([1, 2, 3]))).toBe('(?, ?, ?, ?)');
    expect(listOfMany([1, 2, 3]).values).toEqual([1, 2, 3, 3]);
    expect(listOfMany(['a']).values).toEqual(['a']);
  });
});
