import { reachable } from '#eventing/reachable.js';

/**
 * Waits until a database of PostgreSQL takes connections. Its client is loaded here: not every process has one.
 * @param waiting told of each failure @throws StoreUnavailableError after a minute; at once what waiting does not mend
 */
export async function awaitPostgres(url: string, waiting: (error: unknown) => void): Promise<void> {
  const { postgresAnswers } = await import('./postgres-answers.js');
  await reachable(() => postgresAnswers(url), waiting);
}
