import type { RecordedEvent } from './event-store.port.js';
import type { StreamAwaiter } from './stream-awaiter.port.js';
import { NO_SPAN } from './trace.port.js';
import type { Span, Tracer } from './trace.port.js';

/** The same awaiter; a wait is a step of the trace at work, and names the event that ended it. */
export function tracedAwaiter(awaiter: StreamAwaiter, tracer: Tracer): StreamAwaiter {
  const begin = (stream: string): Span => tracer.start('wait', { attributes: { 'countersign.stream': stream } });
  const followed = async (span: Span, waited: Promise<RecordedEvent | undefined>): Promise<RecordedEvent | undefined> => {
    const event = await waited;
    span.set({ 'countersign.event': event?.type });
    span.end();
    return event;
  };
  return {
    until(stream, fromRevision, timeoutMs, wanted) {
      const span = begin(stream);
      const waited = awaiter.until(stream, fromRevision, timeoutMs, wanted);
      return span === NO_SPAN ? waited : followed(span, waited);
    },
    expect(stream, timeoutMs, wanted) {
      const span = begin(stream);
      const expected = awaiter.expect(stream, timeoutMs, wanted);
      return span === NO_SPAN ? expected : { event: followed(span, expected.event), cancel: () => expected.cancel() };
    },
  };
}
