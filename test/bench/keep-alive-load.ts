import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface LoadResult {
  readonly answered: number;
  /** Answers that were not what they should be: no success, unless told otherwise. */
  readonly refused: number;
  /** The first of these, shortened; null when there is none. */
  readonly example: string | null;
  readonly seconds: number;
  /** Milliseconds, of all answers. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface LoadOptions {
  /** Ends after so many requests, if `seconds` are not over before. */
  readonly requests?: number;
  readonly expected?: (status: number, body: string) => boolean;
  /** So many requests a second, evenly, as long as the answers keep up; left out: as many as they allow. */
  readonly perSecond?: number;
}

/** One HTTP/1.1 request, ready to be sent any number of times. */
export function requestBytes(path: string, headers: Readonly<Record<string, string>>, body = '', method: 'GET' | 'POST' = 'POST'): Buffer {
  const about = method === 'GET' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
  const head = [`${method} ${path} HTTP/1.1`, 'Host: bench', ...about, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const isSuccess = (status: number): boolean => status < 300;

/** Sends the same request, or what `request` makes, over so many connections that are kept, the next one when the last was answered, for so long. */
export async function keepAliveLoad(port: number, request: Buffer | (() => Buffer), clients: number, seconds: number, { requests = Number.POSITIVE_INFINITY, expected = isSuccess, perSecond = Number.POSITIVE_INFINITY }: LoadOptions = {}): Promise<LoadResult> {
  const latencies: number[] = [];
  let refused = 0;
  let example: string | null = null;
  let sent = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  const take = (): Buffer | undefined => {
    if (sent >= requests || performance.now() >= end) return undefined;
    sent += 1;
    return typeof request === 'function' ? request() : request;
  };
  let due = start;
  // What the service was late with is not caught up: the load stays below the rate.
  const next: Next = (send) => {
    const now = performance.now();
    due = Math.max(due + 1_000 / perSecond, now);
    if (due <= now) send(take());
    else setTimeout(() => send(take()), due - now);
  };
  await Promise.all(Array.from({ length: clients }, () => oneClient(port, next, (ms, status, body) => {
    latencies.push(ms);
    if (expected(status, body)) return;
    refused += 1;
    example ??= `${status} ${body.slice(0, 300)}`;
  })));
  const took = (performance.now() - start) / 1000;
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { answered: latencies.length, refused, example, seconds: took, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Hands over what is to be sent next, when it is time to; undefined: nothing more. */
type Next = (send: (request: Buffer | undefined) => void) => void;

function oneClient(port: number, next: Next, answered: (ms: number, status: number, body: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let sent = 0;
    let waiting = false;
    const send = (socket: Socket): void =>
      next((request) => {
        if (request === undefined) {
          socket.end();
          return;
        }
        waiting = true;
        sent = performance.now();
        socket.write(request);
      });
    const socket = connect(port, '127.0.0.1', () => send(socket)).setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = head === -1 ? undefined : /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
      if (length === undefined || text.length < head + 4 + Number(length)) return;
      const status = Number(text.slice(9, 12));
      const body = text.slice(head + 4);
      text = '';
      waiting = false;
      answered(performance.now() - sent, status, body);
      send(socket);
    });
    socket.on('close', () => (waiting ? reject(new Error('the connection was closed before its answer')) : resolve())).on('error', reject);
  });
}
