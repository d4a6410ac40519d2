import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface Passing {
  /** As in `POST /v1/operations`. */
  readonly call: string;
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
/** What the caller gets instead of what was answered. */
export type Alter = (passing: Passing) => Pick<Passing, 'status' | 'body'>;

/** Stands between a client and a service and tells lies. */
export async function startAlteringProxy(target: string, alter: Alter): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    forward(target, request, alter).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      (error: unknown) => response.writeHead(502).end(String(error)),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return { url: `http://127.0.0.1:${address.port}`, close: () => (server.closeAllConnections(), server.close()) };
}

async function forward(target: string, request: IncomingMessage, alter: Alter): Promise<Pick<Passing, 'status' | 'body'>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = 'GET', url: path = '/' } = request;
  const headers = ['authorization', 'content-type', 'idempotency-key'].flatMap((name) => {
    const value = request.headers[name];
    return typeof value === 'string' ? [[name, value] as const] : [];
  });
  const answer = await fetch(target + path, { method, headers: Object.fromEntries(headers), ...(method === 'GET' ? {} : { body: Buffer.concat(chunks) }), signal: AbortSignal.timeout(20_000) });
  return alter({ call: `${method} ${path}`, status: answer.status, body: (await answer.json()) as Passing['body'] });
}
