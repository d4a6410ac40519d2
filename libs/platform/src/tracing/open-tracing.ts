import { NO_TRACES } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';

export interface TracingOptions {
  /** Which part of the service is at work: api, worker, signer. */
  readonly service: string;
  /** Random, of this process start. */
  readonly incarnation: string;
  /** Where spans are sent to by OTLP over HTTP, such as `http://collector:4318`; null: nothing is traced. */
  readonly otlpEndpoint: string | null;
  /** Told now and then of spans that no collector took. */
  readonly failed: (error: unknown, spans: number) => void;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, within 1.5 s. Never rejects. */
  close: () => Promise<void>;
}

/** Traces of this process or thread. A collector that is down or slow costs memory for 2,048 spans and nothing else; without one nothing of OpenTelemetry is loaded. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  if (options.otlpEndpoint === null) return { tracer: NO_TRACES, close: () => Promise.resolve() };
  const { openOtlpTracing } = await import('./otlp-tracing.js');
  return openOtlpTracing(options, options.otlpEndpoint);
}
