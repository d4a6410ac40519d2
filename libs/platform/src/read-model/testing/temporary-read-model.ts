import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { Sqlite } from '#platform/sqlite/sqlite.js';
import type { ReadModelDatabase } from '../database.js';
import { openReadModel } from '../open-read-model.js';
import type { ReadModelPart } from '../table.js';

/** A read model in a folder of its own. */
export interface TemporaryReadModel {
  readonly dataDir: string;
  readonly database: ReadModelDatabase;
  /** Every row of every table but the migrations', as text; two read models that hold the same give the same. */
  dump(): Readonly<Record<string, readonly string[]>>;
  /** How SQLite answers a query: the `detail` lines of its plan. */
  plan(text: string, ...parameters: readonly (string | number | bigint)[]): string;
  close(): Promise<void>;
}

export async function temporaryReadModel(parts: readonly ReadModelPart[]): Promise<TemporaryReadModel> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-read-model-'));
  const database = await openReadModel({ dataDir, parts });
  const read = <T>(look: (sqlite: Database.Database) => T): T => {
    const sqlite = new Sqlite(join(dataDir, 'read-model.db'), { readonly: true });
    try {
      return look(sqlite);
    } finally {
      sqlite.close();
    }
  };
  return {
    dataDir,
    database,
    dump: () => read(dumpOf),
    plan: (text, ...parameters) => read((sqlite) => sqlite.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(...parameters).map((row) => row.detail).join('\n')),
    close: async () => {
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export function dumpOf(sqlite: Database.Database): Readonly<Record<string, readonly string[]>> {
  const names = sqlite.prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'schema_migration' ORDER BY name").pluck().all();
  const rows = (name: string): readonly string[] => sqlite.prepare<[], unknown>(`SELECT * FROM ${name}`).safeIntegers().raw().all().map((row) => JSON.stringify(row, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v))).sort();
  return Object.fromEntries(names.map((name) => [name, rows(name)]));
}
