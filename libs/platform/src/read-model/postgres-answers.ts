import { Client } from 'pg';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { postgresFailure } from './postgres-failure.js';
import { connectionOf } from './postgres-url.js';

const ANSWER_MS = 3_000;

/** Whether a database of PostgreSQL takes connections. @throws StoreUnavailableError */
export async function postgresAnswers(url: string): Promise<void> {
  const client = new Client({ ...connectionOf(url, []), connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (error) {
    throw new StoreUnavailableError(`PostgreSQL does not answer: ${postgresFailure(error).message}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}
