import { AsyncLocalStorage } from 'node:async_hooks';
import { NO_SPAN } from '../trace.port.js';
import type { Span, SpanOptions, TraceAttributes, TraceParent, Tracer } from '../trace.port.js';

export interface RecordedSpan {
  readonly name: string;
  readonly traceparent: TraceParent;
  readonly parent: TraceParent | undefined;
  readonly attributes: TraceAttributes;
  /** Undefined while it runs; null when it ended well. */
  readonly ended: string | null | undefined;
}

/** A tracer that keeps what it is told, for tests of what stands above the port. */
export class RecordingTracer implements Tracer {
  readonly spans: { -readonly [K in keyof RecordedSpan]: RecordedSpan[K] }[] = [];
  private readonly atWork = new AsyncLocalStorage<Span>();

  start(name: string, { parent = this.current(), root = false, attributes = {} }: SpanOptions = {}): Span {
    if (parent === undefined && !root) return NO_SPAN;
    const traceparent = `00-${'a'.repeat(32)}-${String(this.spans.length + 1).padStart(16, '0')}-01`;
    const span: (typeof this.spans)[number] = { name, traceparent, parent, attributes, ended: undefined };
    this.spans.push(span);
    return {
      traceparent,
      set: (more) => void (span.attributes = { ...span.attributes, ...more }),
      end: (failed) => void (span.ended = failed ?? null),
    };
  }

  run<T>(span: Span, work: () => T): T {
    return this.atWork.run(span, work);
  }

  current(): TraceParent | undefined {
    return this.atWork.getStore()?.traceparent;
  }
}
