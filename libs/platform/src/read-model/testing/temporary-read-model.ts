import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { Client } from 'pg';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { ReadModelConfig } from '../../config/config.js';
import type { ReadModelDatabase } from '../database.js';
import { ROWS_SCHEMA } from '../lease-table.js';
import { openReadModel } from '../open-read-model.js';
import { placeholderOf, textOf } from '../sql.js';
import type { Sql } from '../sql.js';
import type { ReadModelPart } from '../table.js';
import { testReadModel } from './test-databases.js';
import type { TestDatabase } from './test-databases.js';

/** Every row of every table but those that say how often rows were made, as text; two read models that hold the same give the same, on either database. */
export type Dump = Readonly<Record<string, readonly string[]>>;

/** A read model in a folder, or a database, of its own. */
export interface TemporaryReadModel {
  readonly dataDir: string;
  readonly readModel: ReadModelConfig;
  readonly database: ReadModelDatabase;
  dump(): Promise<Dump>;
  /** How the database answers a query: the lines of its plan. */
  plan(query: Sql): Promise<string>;
  /** The plan by its indexes, also where there are so few rows that it would look at all of them. */
  planOfMany(query: Sql): Promise<string>;
  close(): Promise<void>;
}

export async function temporaryReadModel(parts: readonly ReadModelPart[], kind: TestDatabase): Promise<TemporaryReadModel> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-read-model-'));
  const readModel = await testReadModel(kind);
  const database = await openReadModel({ readModel, dataDir, parts });
  return {
    dataDir,
    readModel,
    database,
    dump: () => dumpReadModel(readModel, dataDir),
    plan: (query) => planOf(readModel, dataDir, query, []),
    planOfMany: (query) => planOf(readModel, dataDir, query, readModel.kind === 'postgres' ? ['SET enable_seqscan = off', 'SET enable_bitmapscan = off'] : []),
    close: async () => {
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

const LEFT_OUT = ['schema_migration', 'projection_status'];

const textOfRow = (row: readonly unknown[]): string => JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));

/** Of a file that may be broken or foreign. */
export function dumpOf(sqlite: Database.Database): Dump {
  const names = sqlite.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name").pluck().all();
  const rows = (name: string): readonly string[] => sqlite.prepare<[], readonly unknown[]>(`SELECT * FROM ${name}`).safeIntegers().raw().all().map(textOfRow).sort();
  return Object.fromEntries(names.filter((name) => !LEFT_OUT.includes(name)).map((name) => [name, rows(name)]));
}

export async function dumpReadModel(readModel: ReadModelConfig, dataDir: string): Promise<Dump> {
  const raw = rawOf(readModel, dataDir);
  try {
    const names = await raw.tables();
    const dump: Record<string, readonly string[]> = {};
    for (const name of names.filter((n) => !LEFT_OUT.includes(n)).sort()) dump[name] = (await raw.rows(`SELECT * FROM ${name}`)).map(textOfRow).sort();
    return dump;
  } finally {
    await raw.close();
  }
}

async function planOf(readModel: ReadModelConfig, dataDir: string, query: Sql, before: readonly string[]): Promise<string> {
  const raw = rawOf(readModel, dataDir);
  const explain = readModel.kind === 'postgres' ? 'EXPLAIN' : 'EXPLAIN QUERY PLAN';
  try {
    for (const statement of before) await raw.rows(statement);
    const rows = await raw.rows(`${explain} ${textOf(query, placeholderOf(readModel.kind === 'postgres' ? 'postgres' : 'sqlite'))}`, query.values.map((v) => v ?? ''));
    return rows.map((row) => String(row.at(-1))).join('\n');
  } finally {
    await raw.close();
  }
}

interface Raw {
  tables(): Promise<readonly string[]>;
  /** Each an array; numbers as text or bigint. */
  rows(text: string, values?: readonly (string | number | bigint)[]): Promise<readonly (readonly unknown[])[]>;
  close(): Promise<void>;
}

function rawOf(readModel: ReadModelConfig, dataDir: string): Raw {
  if (readModel.kind === 'embedded') {
    const sqlite = new Sqlite(join(dataDir, 'read-model.db'), { readonly: true });
    return {
      tables: () => Promise.resolve(sqlite.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").pluck().all()),
      rows: (text, values = []) => Promise.resolve(sqlite.prepare<unknown[], readonly unknown[]>(text).safeIntegers().raw().all(...values)),
      close: () => Promise.resolve(void sqlite.close()),
    };
  }
  const client = new Client({ connectionString: readModel.url, options: `-c search_path=${ROWS_SCHEMA}` });
  const connected = client.connect();
  const rows = async (text: string, values: readonly unknown[] = []): Promise<readonly (readonly unknown[])[]> => {
    await connected;
    return (await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' })).rows;
  };
  return {
    tables: async () => (await rows('SELECT table_name FROM information_schema.tables WHERE table_schema = $1', [ROWS_SCHEMA])).map(([name]) => String(name)),
    rows,
    close: () => client.end(),
  };
}
