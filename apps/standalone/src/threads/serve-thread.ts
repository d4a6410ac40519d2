import { parentPort } from 'node:worker_threads';
import { LOOK_MS, REPORT_MS } from './thread-protocol.js';
import type { FromThread, ToThread } from './thread-protocol.js';

export interface Served<R> {
  report(): R;
  stop(): Promise<void>;
}

/** In a worker thread: starts what it serves, reports, and stops when told. A start that fails is told and ends the thread. */
export async function serveThread<R>(start: () => Promise<Served<R>>, changed: (before: R, now: R) => boolean): Promise<void> {
  const port = parentPort;
  if (port === null) throw new TypeError('this runs as a worker thread');
  const tell = (message: FromThread<R>): void => port.postMessage(message);
  let served: Served<R>;
  try {
    served = await start();
  } catch (error) {
    tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    return;
  }
  let last = served.report();
  let toldAt = performance.now();
  const report = (): void => {
    const now = served.report();
    if (!changed(last, now) && performance.now() - toldAt < REPORT_MS) return;
    last = now;
    toldAt = performance.now();
    tell({ kind: 'report', report: now });
  };
  tell({ kind: 'report', report: last });
  tell({ kind: 'started' });
  const timer = setInterval(report, LOOK_MS);
  port.on('message', (message: ToThread) => {
    if (message.kind !== 'stop') return;
    clearInterval(timer);
    void served.stop().finally(() => port.close());
  });
}
