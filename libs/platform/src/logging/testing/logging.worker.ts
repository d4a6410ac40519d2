import { workerData } from 'node:worker_threads';
import { createLogger } from '../create-logger.js';

const { lines } = workerData as { readonly lines: number };
const log = createLogger({ name: 'thread' });
for (let n = 0; n < lines; n++) log.info({ count: n, reason: 'x'.repeat(200) }, 'from a thread');
