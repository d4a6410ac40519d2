import { NO_SPAN, NO_TRACES, within } from '#eventing/trace.port.js';
import type { Tracer } from '#eventing/trace.port.js';
import { openTracing } from './open-tracing.js';
import { TRACING_LIMITS } from './otlp-tracing.js';
import { Collector } from './testing/collector.js';
import type { Tracing } from './tracing.js';

const REMOTE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const traceparent = (flags: string): string => `00-${REMOTE.traceId}-${REMOTE.spanId}-${flags}`;

describe('openTracing', () => {
  let collector: Collector;
  const opened: Tracing[] = [];
  const failures: unknown[] = [];
  let lost: number;
  beforeEach(async () => {
    collector = await Collector.start();
    failures.length = 0;
    lost = 0;
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((tracing) => tracing.close()));
    await collector.close();
  });
  const open = async (service = 'api', otlpEndpoint: string | null = collector.endpoint): Promise<Tracing> => {
    const tracing = await openTracing({ service, incarnation: 'i-1', otlpEndpoint, failed: (error, count) => void ((lost += count), failures.push(error)) });
    opened.push(tracing);
    return tracing;
  };
  /** What a process does with one request. */
  const work = (tracer: Tracer): Promise<string | undefined> => within(tracer, 'GET /v1/x', { root: true, kind: 'server' }, async () => within(tracer, 'command', {}, async () => tracer.current()));

  it('is nothing without an endpoint', async () => {
    const { tracer } = await open('api', null);
    expect(tracer).toBe(NO_TRACES);
    expect(await work(tracer)).toBeUndefined();
  });

  it('links the steps of two processes to one trace, by what one hands to the other', async () => {
    const [api, signer] = [await open('api'), await open('signer')];
    const handed = await work(api.tracer);
    await within(signer.tracer, 'sign order', { parent: handed, kind: 'consumer', attributes: { 'countersign.count': 3 } }, () => Promise.resolve());
    await Promise.all([api.close(), signer.close()]);
    const [request, command, signed] = ['GET /v1/x', 'command', 'sign order'].map((name) => collector.spans.find((span) => span.name === name));
    expect(request).toMatchObject({ service: 'countersign-api', parentSpanId: '', kind: 2 });
    expect(command).toMatchObject({ service: 'countersign-api', traceId: request?.traceId, parentSpanId: request?.spanId });
    expect(signed).toMatchObject({ service: 'countersign-signer', traceId: request?.traceId, parentSpanId: command?.spanId, kind: 5, attributes: { 'countersign.count': 3 } });
    expect(handed).toBe(`00-${command?.traceId}-${command?.spanId}-01`);
  });

  it('goes on the trace of who calls, and traces nothing where he says so', async () => {
    const { tracer, close } = await open();
    tracer.start('traced', { root: true, parent: traceparent('01') }).end();
    const quiet = tracer.start('untraced', { root: true, parent: traceparent('00') });
    quiet.end();
    tracer.start('malformed', { root: true, parent: 'nonsense' }).end();
    await close();
    expect(quiet.traceparent).toMatch(new RegExp(`^00-${REMOTE.traceId}-[0-9a-f]{16}-00$`));
    expect(collector.spans.map(({ name }) => name)).toEqual(['traced', 'malformed']);
    expect(collector.spans[0]).toMatchObject({ traceId: REMOTE.traceId, parentSpanId: REMOTE.spanId });
    expect(collector.spans[1]?.traceId).not.toBe(REMOTE.traceId);
  });

  it('begins no trace by itself, and tells an error by its code or class, never by its message', async () => {
    const { tracer, close } = await open();
    expect(tracer.start('a sweep')).toBe(NO_SPAN);
    const secret = Object.assign(new Error('PIN 4711 of Ana'), { code: 'USAGE_EXHAUSTED' });
    await expect(within(tracer, 'refused', { root: true }, () => Promise.reject(secret))).rejects.toBe(secret);
    await expect(within(tracer, 'broken', { root: true }, () => Promise.reject(new TypeError('Ana')))).rejects.toThrow('Ana');
    await close();
    expect(collector.spans.map(({ status, attributes }) => [status, attributes['error.type']])).toEqual([[2, 'USAGE_EXHAUSTED'], [2, 'TypeError']]);
    expect(JSON.stringify(collector.spans)).not.toMatch(/4711|Ana/);
  });

  it.each(['unavailable', 'silence'] as const)('holds up nothing when the collector is %s, and what is lost is counted', async (manner) => {
    collector.manner = manner;
    const { tracer, close } = await open();
    const started = performance.now();
    for (let i = 0; i < 3 * TRACING_LIMITS.queue; i += 1) tracer.start('step', { root: true }).end();
    expect(performance.now() - started).toBeLessThan(2_000);
    await close();
    expect(performance.now() - started).toBeLessThan(2_000 + TRACING_LIMITS.closeMs + 1_000);
    expect(collector.spans).toEqual([]);
    // Ended in one turn: nothing leaves the queue meanwhile but the first batch.
    expect(lost).toBeGreaterThanOrEqual(2 * TRACING_LIMITS.queue - TRACING_LIMITS.batch);
  });

  it('holds up nothing when nobody listens there, and goes on with a collector that comes back', async () => {
    const { endpoint } = collector;
    const port = Number(new URL(endpoint).port);
    await collector.close();
    const { tracer, close } = await open('api', endpoint);
    tracer.start('lost or late', { root: true }).end();
    await new Promise((resolve) => setTimeout(resolve, TRACING_LIMITS.everyMs + TRACING_LIMITS.exportMs));
    expect(failures.map(String).filter((failure) => failure.includes(`:${port}`))).toHaveLength(1);
    collector = await Collector.start(port);
    tracer.start('taken', { root: true }).end();
    await close();
    expect(collector.spans.map(({ name }) => name)).toContain('taken');
  }, 20_000);
});
