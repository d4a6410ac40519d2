import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FaultOrderError, parseFaultOrders } from './fault.js';
import type { FaultOrder } from './fault.js';
import type { OrderedFault } from './fault-book.js';

/** What the control API acts on. */
export interface Controlled {
  add(order: FaultOrder): string;
  remove(id: string): boolean;
  clear(): void;
  list(): readonly OrderedFault[];
  cut(): void;
  unavailable(ms: number): void;
  down(ms: number): void;
  status(): object;
}

const MAX_BODY_BYTES = 64 * 1024;

class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new BadRequest('too long');
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new BadRequest('no JSON');
  }
};
const msOf = (body: unknown): number => {
  const ms: unknown = typeof body === 'object' && body !== null && 'ms' in body ? body.ms : undefined;
  if (typeof ms !== 'number' || !Number.isSafeInteger(ms) || ms < 0) throw new BadRequest('ms is an integer from 0 on');
  return ms;
};

/** @returns what is answered; undefined where there is no such thing */
const act = async (control: Controlled, request: IncomingMessage): Promise<unknown> => {
  const path = request.url ?? '/';
  switch (`${request.method} ${path}`) {
    case 'GET /status': return control.status();
    case 'GET /faults': return control.list();
    case 'POST /faults': return { ids: parseFaultOrders(await bodyOf(request)).map((order) => control.add(order)) };
    case 'DELETE /faults': return done(() => control.clear());
    case 'POST /cut': return done(() => control.cut());
    case 'POST /unavailable': return outage(control, 'unavailable', request);
    case 'POST /down': return outage(control, 'down', request);
    default: return request.method === 'DELETE' && path.startsWith('/faults/') && control.remove(path.slice('/faults/'.length)) ? {} : undefined;
  }
};
const done = (work: () => void): object => {
  work();
  return {};
};
const outage = async (control: Controlled, what: 'unavailable' | 'down', request: IncomingMessage): Promise<object> => {
  const ms = msOf(await bodyOf(request));
  return done(() => control[what](ms));
};

const answer = async (control: Controlled, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  let status = 200;
  let body: unknown;
  try {
    body = await act(control, request);
    if (body === undefined) [status, body] = [404, { error: 'no such thing' }];
  } catch (error) {
    if (!(error instanceof FaultOrderError || error instanceof BadRequest)) throw error;
    [status, body] = [400, { error: error.message }];
  }
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(JSON.stringify(body));
};

/** Orders faults over HTTP, on the loopback interface alone. @returns the port, and what ends it */
export async function startControlServer(control: Controlled, port: number): Promise<{ readonly port: number; readonly close: () => void }> {
  const server: Server = createServer((request, response) => void answer(control, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
