import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface LoadResult {
  readonly answered: number;
  /** Answers that were no success. */
  readonly refused: number;
  readonly seconds: number;
  /** Milliseconds, of all answers. */
  readonly p50: number;
  readonly p99: number;
}

/** One HTTP/1.1 request, ready to be sent any number of times. */
export function requestBytes(path: string, headers: Readonly<Record<string, string>>, body: string): Buffer {
  const head = [`POST ${path} HTTP/1.1`, 'Host: bench', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** Sends the same request over so many connections that are kept, the next one when the last was answered, for so long. */
export async function keepAliveLoad(port: number, request: Buffer, clients: number, seconds: number): Promise<LoadResult> {
  const latencies: number[] = [];
  let refused = 0;
  const start = performance.now();
  const end = start + seconds * 1000;
  await Promise.all(Array.from({ length: clients }, () => oneClient(port, request, end, (ms, status) => {
    latencies.push(ms);
    if (status >= 300) refused++;
  })));
  const took = (performance.now() - start) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN;
  return { answered: latencies.length, refused, seconds: took, p50: at(0.5), p99: at(0.99) };
}

function oneClient(port: number, request: Buffer, end: number, answered: (ms: number, status: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let sent = 0;
    const send = (socket: Socket): void => {
      sent = performance.now();
      socket.write(request);
    };
    const socket = connect(port, '127.0.0.1', () => send(socket)).setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = head === -1 ? undefined : /content-length: (\d+)/i.exec(text.slice(0, head))?.[1];
      if (length === undefined || text.length < head + 4 + Number(length)) return;
      const status = Number(text.slice(9, 12));
      text = '';
      const now = performance.now();
      answered(now - sent, status);
      if (now < end) send(socket);
      else socket.end();
    });
    socket.on('close', () => resolve()).on('error', reject);
  });
}
