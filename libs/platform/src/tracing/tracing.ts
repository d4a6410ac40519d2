import type { Tracer } from '#eventing/trace.port.js';

export interface TracingOptions {
  /** Which part of the service is at work: api, worker, signer. */
  readonly service: string;
  /** Random, of this process start. */
  readonly incarnation: string;
  /** Where spans are sent to by OTLP over HTTP, such as `http://collector:4318`; null: nothing is traced. */
  readonly otlpEndpoint: string | null;
  /** Told of each span that no collector took, or that came when too many waited. */
  readonly failed: (error: unknown, spans: number) => void;
}

export interface Tracing {
  readonly tracer: Tracer;
  /** Sends what is left, within 1.5 s. Never rejects. */
  close: () => Promise<void>;
}
