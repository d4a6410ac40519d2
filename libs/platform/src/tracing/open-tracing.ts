import { NO_TRACES } from '#eventing/trace.port.js';
import type { Log } from '../logging/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Tracing, TracingOptions } from './tracing.js';

/** How often people are told of what is lost, ms. */
const TELL_EVERY_MS = 60_000;

/** The options with every span that is lost counted, and told now and then. */
export function tracingOf(options: Omit<TracingOptions, 'failed'>, metrics: Pick<Metrics, 'spansLost'>, log: Log): TracingOptions {
  let quietUntil = Number.NEGATIVE_INFINITY;
  let untold = 0;
  return {
    ...options,
    failed(error, count) {
      metrics.spansLost(count);
      untold += count;
      if (performance.now() < quietUntil) return;
      quietUntil = performance.now() + TELL_EVERY_MS;
      log.warn({ error, count: untold }, 'traces were not taken');
      untold = 0;
    },
  };
}

/** Traces of this process or thread. A collector that is down or slow costs memory for 2,048 spans and nothing else; without one nothing of OpenTelemetry is loaded. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  if (options.otlpEndpoint === null) return { tracer: NO_TRACES, close: () => Promise.resolve() };
  const { openOtlpTracing } = await import('./otlp-tracing.js');
  return openOtlpTracing(options, options.otlpEndpoint);
}
