import type { Client } from 'pg';

const ANSWER_MS = 1_000;

/** Cuts the connection, answers outstanding or not. */
export function destroyClient(client: Client): void {
  client.connection.stream.destroy();
}

/** Takes leave of the server, and cuts the connection when it does not close it within a second. */
export async function endClient(client: Client): Promise<void> {
  const timer = setTimeout(() => destroyClient(client), ANSWER_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}
