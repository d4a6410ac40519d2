import { runProcess } from '#platform/process/run-process.js';
import { startWorker } from './start-worker.js';

await runProcess('worker', startWorker);
