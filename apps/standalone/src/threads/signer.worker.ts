import { workerData } from 'node:worker_threads';
import { runSigner } from '#apps/signer/src/run-signer.js';
import { randomId } from '#eventing/ids.js';
import { connectEventStore } from '#platform/event-store/open-event-store.js';
import { createLogger } from '#platform/logging/create-logger.js';
import { answerMetrics, createMetrics } from '#platform/telemetry/create-metrics.js';
import { timedCalls } from '#platform/telemetry/timed-calls.js';
import { openTracing, tracingOf } from '#platform/tracing/open-tracing.js';
import { serveThread } from './serve-thread.js';
import type { SignerReport, SignerThreadData } from './thread-protocol.js';

const { config, hsm, store: ticket, metrics: metricsPort } = workerData as SignerThreadData;
const log = createLogger({ name: 'signer' });
const metrics = createMetrics({ process: false });
answerMetrics(metricsPort, metrics);

await serveThread<SignerReport>(
  async () => {
    const { store, close } = await connectEventStore(ticket);
    const tracing = await openTracing(tracingOf({ service: 'signer', incarnation: randomId(), otlpEndpoint: config.telemetry.otlpEndpoint }, metrics, log));
    const signer = await runSigner({ config, hsm, store: timedCalls(store, metrics.store.call), log, metrics, tracer: tracing.tracer });
    return {
      report: () => ({ down: signer.down(), warning: signer.warning(), openOrders: signer.openOrders() }),
      async stop() {
        await signer.stop();
        await close();
        await tracing.close();
        log.flush();
      },
    };
  },
  (before, now) => before.down !== now.down || before.warning?.detail !== now.warning?.detail,
);
