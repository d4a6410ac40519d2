import { Client } from 'pg';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import { endClient } from '../postgres/end-client.js';
import { isSqlState } from '../postgres/sql-state.js';
import { DatabaseError } from './connections.js';
import { postgresFailure } from './postgres-failure.js';
import { connectionOf } from './postgres-url.js';

const ANSWER_MS = 3_000;
/** What a server says that starts, stops or is full (classes 08, 53 and 57 of appendix A of PostgreSQL's manual): waiting helps. */
const PASSING = /^(08|53|57)/;

/** Whether a database of PostgreSQL takes connections. @throws StoreUnavailableError; DatabaseError for what waiting does not mend, as a wrong password */
export async function postgresAnswers(url: string): Promise<void> {
  const client = new Client({ ...connectionOf(url, []), connectionTimeoutMillis: ANSWER_MS, query_timeout: ANSWER_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
  } catch (error) {
    const failure = postgresFailure(error);
    if (isSqlState(failure.code) && !PASSING.test(failure.code)) throw new DatabaseError(failure.code, `PostgreSQL refuses the connection: ${failure.message}`);
    throw new StoreUnavailableError(`PostgreSQL does not answer: ${failure.message}`);
  } finally {
    await endClient(client);
  }
}
