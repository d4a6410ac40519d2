import { workerData } from 'node:worker_threads';
import { runWorker } from '#apps/worker/src/run-worker.js';
import { connectEventStore } from '#platform/event-store/open-event-store.js';
import { createLogger } from '#platform/logging/create-logger.js';
import { answerMetrics, createMetrics } from '#platform/telemetry/create-metrics.js';
import { timedCalls } from '#platform/telemetry/timed-calls.js';
import { serveThread } from './serve-thread.js';
import { settleOver } from './settle-port.js';
import type { WorkerReport, WorkerThreadData } from './thread-protocol.js';

const { config, store: ticket, metrics: metricsPort, settlements } = workerData as WorkerThreadData;
const log = createLogger({ name: 'worker' });
const metrics = createMetrics({ process: false });
answerMetrics(metricsPort, metrics);

await serveThread<WorkerReport>(
  async () => {
    const { store, close } = await connectEventStore(ticket);
    const worker = await runWorker({ config, store: timedCalls(store, metrics.store.call), log, metrics, settle: settleOver(settlements) });
    return {
      report: () => ({ state: worker.state(), fault: worker.fault() }),
      async stop() {
        await worker.stop();
        await close();
        log.flush();
      },
    };
  },
  (before, now) => before.state.applied !== now.state.applied || before.state.caughtUp !== now.state.caughtUp || before.fault !== now.fault,
);
