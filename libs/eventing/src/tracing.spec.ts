import { DomainError } from '#kernel/domain-error.js';
import { FollowingAwaiter } from './following-awaiter.js';
import { StreamStates } from './stream-states.js';
import { add, asked, COUNTER, counterDecider, counterKind, standingClock } from './testing/counter.js';
import { MemoryEventStore } from './testing/memory-event-store.js';
import { RecordingTracer } from './testing/recording-tracer.js';
import { failureName, NO_TRACES, within } from './trace.port.js';
import { TracedCommandExecutor } from './traced-command-executor.js';
import { tracedAwaiter } from './traced-awaiter.js';

const request = (n: number): string => `00-${String(n).padStart(32, 'b')}-${'c'.repeat(16)}-01`;
const span = (traceparent: string) => ({ traceparent, set: () => undefined, end: () => undefined });

describe('a trace through commands and waits', () => {
  let store: MemoryEventStore;
  let tracer: RecordingTracer;
  const executor = (by: RecordingTracer | typeof NO_TRACES = tracer) => new TracedCommandExecutor(by, store, counterDecider(100), new StreamStates(store, counterKind, { capacity: 10 }), standingClock());
  beforeEach(() => {
    store = new MemoryEventStore();
    tracer = new RecordingTracer();
  });

  it('goes into the events of each command, also of those that are appended together', async () => {
    const commands = executor();
    const calls = [1, 2, 3].map((n) => tracer.run(span(request(n)), () => commands.execute(add(n))));
    expect(commands.waiting).toBe(3);
    await Promise.all([...calls, commands.execute(add(4))]);
    expect(commands.waiting).toBe(0);
    const events = await store.readStream(COUNTER, { limit: 10 });
    expect(events.map(({ metadata }) => metadata.traceparent)).toEqual([...tracer.spans.map(({ traceparent }) => traceparent), undefined]);
    expect(tracer.spans.map(({ name, parent, ended, attributes }) => [name, parent, ended, attributes['countersign.event']])).toEqual([1, 2, 3].map((n) => ['command', request(n), null, 'c.added.v1']));
  });

  it('names what a command was refused with', async () => {
    await tracer.run(span(request(1)), () => expect(executor().execute(add(101))).rejects.toBeInstanceOf(DomainError));
    expect(tracer.spans[0]?.ended).toBe('USAGE_EXHAUSTED');
  });

  it('leaves events as they are where nothing is traced', async () => {
    await executor(NO_TRACES).execute(asked({ type: 'add', n: 1 }));
    expect((await store.readStream(COUNTER, { limit: 1 }))[0]?.metadata).not.toHaveProperty('traceparent');
  });

  it('ends a wait with the event that it waited for', async () => {
    const awaiter = new FollowingAwaiter({ store, prefixes: ['counter-'] });
    const stopping = new AbortController();
    await awaiter.start(stopping.signal);
    const traced = tracedAwaiter(awaiter, tracer);
    const waits = tracer.run(span(request(1)), () => [traced.expect(COUNTER, 5_000, () => true), traced.expect(COUNTER, 5_000, () => false)] as const);
    const until = tracer.run(span(request(2)), () => traced.until(COUNTER, 0, 5_000, () => true));
    await executor().execute(add(1));
    expect([(await waits[0].event)?.type, (await until)?.type]).toEqual(['c.added.v1', 'c.added.v1']);
    waits[1].cancel();
    expect(await waits[1].event).toBeUndefined();
    expect(tracer.spans.map(({ name, parent, ended, attributes }) => [name, parent, ended, attributes['countersign.event']])).toEqual([
      ['wait', request(1), null, 'c.added.v1'], ['wait', request(1), null, undefined], ['wait', request(2), null, 'c.added.v1'],
    ]);
    stopping.abort();
    await awaiter.done();
  });
});

describe('within', () => {
  it('gives the work its span, over awaits, and ends it with what came of it', async () => {
    const tracer = new RecordingTracer();
    const error = new TypeError('of nobody’s concern');
    const done = within(tracer, 'outer', { root: true }, async () => {
      await Promise.resolve();
      return within(tracer, 'inner', {}, () => Promise.reject(error));
    });
    await expect(done).rejects.toBe(error);
    expect(tracer.spans.map(({ name, parent, ended }) => [name, parent, ended])).toEqual([['outer', undefined, 'TypeError'], ['inner', tracer.spans[0]?.traceparent, 'TypeError']]);
  });

  it.each([[new DomainError('NOT_FOUND', 'x'), 'NOT_FOUND'], [new RangeError('x'), 'RangeError'], ['text', 'unknown'], [null, 'unknown']])('%p fails as %s', (error, name) => {
    expect(failureName(error)).toBe(name);
  });
});
