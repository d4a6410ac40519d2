/** A W3C trace context in one text, `00-<trace id>-<span id>-<flags>`: what one process hands to another with a request or an event. */
export type TraceParent = string;

/** What a span may say, by name: nobody's name or subject, no digest, no text of people has a name here. Add one only if none of these can ever be its value. */
export const TRACE_ATTRIBUTES = [
  'http.request.method', 'http.route', 'http.response.status_code', 'countersign.request_id',
  'countersign.stream', 'countersign.event', 'countersign.operation_id', 'countersign.sign_order_id', 'countersign.key_id', 'countersign.algorithm', 'countersign.count',
  'countersign.signer', 'countersign.outcome', 'countersign.repeated', 'error.type',
] as const;
export type TraceAttributes = { readonly [A in (typeof TRACE_ATTRIBUTES)[number]]?: string | number | boolean | undefined };

/** One step of a request's way, in one process. */
export interface Span {
  /** What steps that follow from this one name as theirs; undefined where nothing is traced. */
  readonly traceparent: TraceParent | undefined;
  set(attributes: TraceAttributes): void;
  /** @param failed a code or the name of an error's class; no message */
  end(failed?: string): void;
}

export interface SpanOptions {
  /** What it follows from; left out: the span that is at work. */
  readonly parent?: TraceParent | undefined;
  /** Where neither is there, a trace begins with it; else nothing is traced. */
  readonly root?: boolean;
  /** `server` answers a request, `consumer` takes up what another process left in the store. */
  readonly kind?: 'server' | 'consumer' | 'internal';
  readonly attributes?: TraceAttributes;
}

/** Follows a request over processes. None of its calls throws or waits, whatever becomes of what is traced. */
export interface Tracer {
  start(name: string, options?: SpanOptions): Span;
  /** Has `work` and what it awaits find this span at work. */
  run<T>(span: Span, work: () => T): T;
  /** Of the span at work. */
  current(): TraceParent | undefined;
}

export const NO_SPAN: Span = { traceparent: undefined, set: () => undefined, end: () => undefined };
export const NO_TRACES: Tracer = { start: () => NO_SPAN, run: (_, work) => work(), current: () => undefined };

/** What is thrown, as a span tells it: a code of ours or the name of its class. */
export function failureName(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown';
}

/** Runs `work` within a span of its own, which ends with it. What `work` throws is thrown on. */
export async function within<T>(tracer: Tracer, name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = tracer.start(name, options);
  if (span === NO_SPAN) return work(span);
  try {
    const done = await tracer.run(span, () => work(span));
    span.end();
    return done;
  } catch (error) {
    span.end(failureName(error));
    throw error;
  }
}
