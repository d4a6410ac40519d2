import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Attributes, Span as OtelSpan, Tracer as OtelTracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { NO_SPAN, TRACE_ATTRIBUTES } from '#eventing/trace.port.js';
import type { Span, SpanOptions, TraceAttributes, Tracer } from '#eventing/trace.port.js';
import { readTraceParent, writeTraceParent } from './trace-context.js';
import type { Tracing, TracingOptions } from './tracing.js';

/** All limits of what is traced. Spans beyond the queue are dropped; what a collector does not take in time is dropped too. */
export const TRACING_LIMITS = { queue: 2_048, batch: 256, everyMs: 1_000, sendMs: 3_000, exportMs: 4_000, exportsAtOnce: 2, closeMs: 1_500, valueLength: 200 } as const;

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const;

class OtlpSpan implements Span {
  readonly traceparent: string;
  constructor(private readonly span: OtelSpan) {
    this.traceparent = writeTraceParent(span.spanContext());
  }

  set(attributes: TraceAttributes): void {
    this.span.setAttributes(known(attributes));
  }

  end(failed?: string): void {
    if (failed !== undefined) this.span.setAttribute('error.type', failed).setStatus({ code: SpanStatusCode.ERROR });
    this.span.end();
  }
}

class OtlpTracer implements Tracer {
  private readonly atWork = new AsyncLocalStorage<Span>();
  constructor(private readonly tracer: OtelTracer) {}

  start(name: string, { parent = this.current(), root = false, kind = 'internal', attributes = {} }: SpanOptions = {}): Span {
    const followed = readTraceParent(parent);
    if (followed === undefined && !root) return NO_SPAN;
    const context = followed === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, followed);
    return new OtlpSpan(this.tracer.startSpan(name, { kind: KINDS[kind], attributes: known(attributes) }, context));
  }

  run<T>(span: Span, work: () => T): T {
    return span === NO_SPAN ? work() : this.atWork.run(span, work);
  }

  current(): string | undefined {
    return this.atWork.getStore()?.traceparent;
  }
}

function known(attributes: TraceAttributes): Attributes {
  const written: Attributes = {};
  for (const name of TRACE_ATTRIBUTES) {
    const value = attributes[name];
    if (value !== undefined) written[name] = value;
  }
  return written;
}

/** Sends spans to a collector by OTLP over HTTP, JSON. @param endpoint without `/v1/traces`, or with it */
export function openOtlpTracing({ service, incarnation, failed }: TracingOptions, endpoint: string): Tracing {
  const url = /\/v1\/traces\/?$/.test(endpoint) ? endpoint : `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: TRACING_LIMITS.sendMs, concurrencyLimit: TRACING_LIMITS.exportsAtOnce, keepAlive: true });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.namespace': 'countersign', 'service.name': `countersign-${service}`, 'service.instance.id': incarnation }),
    // Who calls decides whether his request is traced, where he says so; every other request is.
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanLimits: { attributeValueLengthLimit: TRACING_LIMITS.valueLength },
    spanProcessors: [countedBatches(exporter, failed)],
  });
  return { tracer: new OtlpTracer(provider.getTracer('countersign')), close: () => inTime(provider.shutdown()) };
}

/** More is traced than a collector takes. */
export class SpanQueueFullError extends Error {
  override readonly name = 'SpanQueueFullError';
}

/** Sends in batches from a queue of its own; tells of each span that is lost, to a full queue or to a collector that did not take it. */
function countedBatches(exporter: SpanExporter, failed: TracingOptions['failed']): SpanProcessor {
  let queued = 0;
  const counted: SpanExporter = {
    export(spans, done) {
      queued -= spans.length;
      exporter.export(spans, (result) => {
        if (result.error !== undefined) failed(result.error, spans.length);
        done(result);
      });
    },
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
    shutdown: () => exporter.shutdown(),
  };
  const batches = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: TRACING_LIMITS.queue,
    maxExportBatchSize: TRACING_LIMITS.batch,
    scheduledDelayMillis: TRACING_LIMITS.everyMs,
    exportTimeoutMillis: TRACING_LIMITS.exportMs,
  });
  return {
    onStart: (span, context) => batches.onStart(span, context),
    onEnd(span) {
      if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
      if (queued >= TRACING_LIMITS.queue) return failed(new SpanQueueFullError('more is traced than is taken'), 1);
      queued += 1;
      batches.onEnd(span);
    },
    forceFlush: () => batches.forceFlush(),
    shutdown: () => batches.shutdown(),
  };
}

/** A collector that does not answer holds up no end of a process. */
async function inTime(ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, TRACING_LIMITS.closeMs);
  });
  await Promise.race([ending.catch(() => undefined), late]);
  clearTimeout(timer);
}
