import { startPostgres } from '#test/fixtures/postgres.js';
import type { PostgresServer } from '#test/fixtures/postgres.js';
import type { ReadModelConfig } from '../../config/config.js';

/** What every test of rows runs on. */
export const TEST_DATABASES = ['SQLite', 'PostgreSQL'] as const;
export type TestDatabase = (typeof TEST_DATABASES)[number];

let server: Promise<PostgresServer> | undefined;

/** The PostgreSQL of this test file, started when it is first asked for. */
export const testPostgres = (): Promise<PostgresServer> => (server ??= startPostgres());

// Of the file that imports this one.
afterAll(async () => (await server)?.stop());

/** A read model of its own. */
export const testReadModel = async (database: TestDatabase): Promise<ReadModelConfig> =>
  database === 'SQLite' ? { kind: 'embedded' } : { kind: 'postgres', url: await (await testPostgres()).database() };
