import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { AggregatorRegistry, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { systemClock } from '../time/system-clock.js';
import { createInstruments } from './instruments.js';
import type { Metrics } from './metrics.js';
import { ThreadMetrics, type Snapshot } from './thread-metrics.js';

const COLLECT_TIMEOUT_MS = 1_000;

export interface MetricsRegistry extends Metrics {
  readonly contentType: string;
  /** The numbers of this thread and of all threads that `portFor` made a port for, in Prometheus' text format. Waits for a thread for 1 s at most. */
  render(): Promise<string>;
  /** A port for a worker thread to be started: hand it over in `workerData` and `transferList`, and give it to `answerMetrics` there. */
  portFor(thread: string): MessagePort;
  /** This thread's numbers, as a message can carry them. */
  snapshot(): Promise<Snapshot>;
}

/** A registry of this thread alone. @param process whether the process's own numbers (CPU, memory, event loop) are taken: once a process */
export function createMetrics({ process: ofProcess = true, collectTimeoutMs = COLLECT_TIMEOUT_MS }: { readonly process?: boolean; readonly collectTimeoutMs?: number } = {}): MetricsRegistry {
  const registry = new Registry();
  // apart, since summing up would leave out the start time
  const processRegistry = new Registry();
  if (ofProcess) collectDefaultMetrics({ register: processRegistry });
  const silent = new Gauge({ name: 'countersign_metrics_silent_threads', help: 'Threads whose numbers are older than this scrape', registers: [registry] });
  const threads: ThreadMetrics[] = [];
  return {
    ...createInstruments(registry, systemClock),
    contentType: registry.contentType,
    snapshot: () => registry.getMetricsAsJSON(),
    portFor(thread) {
      const { port1, port2 } = new MessageChannel();
      threads.push(new ThreadMetrics(thread, port1, collectTimeoutMs));
      return port2;
    },
    async render() {
      const collected = await Promise.all(threads.map((thread) => thread.collect()));
      silent.set(collected.filter(({ fresh }) => !fresh).length);
      const summed = AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...collected.map(({ snapshot }) => snapshot)]);
      return (await summed.metrics()) + (await processRegistry.metrics());
    },
  };
}

/** In a worker thread: answers its owner's requests for numbers. The port does not keep the thread alive. */
export function answerMetrics(port: MessagePort, metrics: Pick<MetricsRegistry, 'snapshot'>): void {
  port.on('message', (request: unknown) => {
    void metrics.snapshot().then((snapshot) => port.postMessage({ request, snapshot }));
  });
  port.unref();
}
