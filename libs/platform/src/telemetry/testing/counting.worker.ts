import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { answerMetrics, createMetrics } from '../create-metrics.js';

const { port, mute } = workerData as { readonly port: MessagePort; readonly mute: boolean };
const metrics = createMetrics({ process: false });
if (!mute) answerMetrics(port, metrics);
parentPort?.on('message', (count: number) => {
  if (count === 0) process.exit();
  metrics.signatures(count);
  metrics.hsm.call('C_Sign', 0.0004, 'ok');
  metrics.subscriptionLag('signing', count);
  parentPort?.postMessage('counted');
});
