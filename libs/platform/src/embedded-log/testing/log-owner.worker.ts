import { parentPort, workerData } from 'node:worker_threads';
import { openEmbeddedLog } from '../embedded-log.js';

/** For tests: a thread that owns a log and gives away ports to it, as the main thread of the product does. */
const owner = parentPort;
if (owner === null) throw new Error('log-owner runs as a thread');
const log = await openEmbeddedLog(workerData as { readonly dir: string });
owner.on('message', (what: 'attach' | 'close') => {
  if (what === 'attach') {
    const port = log.attach();
    owner.postMessage(port, [port]);
  } else {
    void log.close().then(() => owner.close());
  }
});
