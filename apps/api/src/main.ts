import { runProcess } from '#platform/process/run-process.js';
import { startApiProcess } from './start-api-process.js';

await runProcess('api', startApiProcess);
