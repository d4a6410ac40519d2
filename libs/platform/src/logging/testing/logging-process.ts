import { Worker } from 'node:worker_threads';
import { workerEntry } from '../../worker-entry.js';
import { createLogger } from '../create-logger.js';

// Logs from two threads at once and then exits without waiting for anything: what was logged must be there.
const lines = Number(process.argv[2]);
const log = createLogger({ name: 'main' });
const worker = new Worker(workerEntry('libs/platform/src/logging/testing/logging.worker'), { workerData: { lines } });
for (let n = 0; n < lines; n++) log.info({ count: n, reason: 'y'.repeat(200) }, 'from the main thread');
worker.on('exit', () => {
  log.info({ count: lines }, 'last');
  process.exit(3);
});
