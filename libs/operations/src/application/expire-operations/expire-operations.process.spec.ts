import { NOBODY_KNOWN } from '#identity/contract.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { ExpiryTimers } from '../ports/expiry-timers.port.js';
import { RequestOperationCommand } from '../request-operation/request-operation.command.js';
import { RequestOperationHandler } from '../request-operation/request-operation.handler.js';
import { Bench, metaOf, NOON, ORDERER, requestOf, plane } from '../testing/operations-bench.js';
import { EXPIRED_EVENT_DELAY_MS, ExpireOperations } from './expire-operations.process.js';

const HOUR = 3_600_000;

class FakeTimers implements ExpiryTimers {
  readonly due_ = new Map<string, string>();
  upTo: RecordedEvent | undefined;
  apply({ set, remove, upTo }: Parameters<ExpiryTimers['apply']>[0]): Promise<void> {
    for (const { operationId, dueAt } of set) this.due_.set(operationId, dueAt);
    for (const operationId of remove) this.due_.delete(operationId);
    this.upTo = upTo;
    return Promise.resolve();
  }
  due(before: string, limit: number): Promise<readonly string[]> {
    return Promise.resolve([...this.due_].filter(([, at]) => at <= before).map(([id]) => id).slice(0, limit));
  }
  done(operationId: string): Promise<void> {
    this.due_.delete(operationId);
    return Promise.resolve();
  }
}

describe('expiring operations', () => {
  let bench: Bench;
  let timers: FakeTimers;
  let process: ExpireOperations;
  let id: string;
  beforeEach(async () => {
    bench = new Bench();
    timers = new FakeTimers();
    process = new ExpireOperations(bench.operations, timers, bench.clock);
    bench.keys.set('fw-prod');
    id = await request();
    await follow();
  });
  const request = async (validMs = HOUR): Promise<string> =>
    (await new RequestOperationHandler(bench.operations, bench.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf({ validMs })))).operationId;
  const follow = async (): Promise<void> => process.handle(await bench.store.readAll({ limit: 100, ...(timers.upTo === undefined ? {} : { from: timers.upTo.position }) }));
  const last = async () => (await bench.events(id)).at(-1)?.type;

  it('sets a timer for what was asked for, and removes it at an end', async () => {
    expect([...timers.due_]).toEqual([[id, new Date(NOON + HOUR).toISOString()]]);
    await bench.operations.execute({ stream: `operation-${id}`, meta: metaOf(ORDERER, 'v'), build: (now) => ({ type: 'revoke', directory: NOBODY_KNOWN, by: ORDERER, privileged: false, reason: 'r', now }) });
    await follow();
    expect(timers.due_.size).toBe(0);
    expect(timers.upTo?.type).toBe('operations.revoked.v1');
  });

  it('an operation that begins and ends among the events taken together has none', async () => {
    id = await request();
    await bench.operations.execute({ stream: `operation-${id}`, meta: metaOf(ORDERER, 'v'), build: (now) => ({ type: 'revoke', directory: NOBODY_KNOWN, by: ORDERER, privileged: false, reason: 'r', now }) });
    await follow();
    expect(timers.due_.has(id)).toBe(false);
  });

  it('nothing is saved for nothing', async () => {
    const before = timers.upTo;
    await process.handle([]);
    expect(timers.upTo).toBe(before);
  });

  it('rule 14: the event follows 60 s after the end of the window', async () => {
    bench.wall = NOON + HOUR + EXPIRED_EVENT_DELAY_MS - 1;
    await process.sweep();
    expect(await last()).toBe('operations.approved.v1');
    bench.wall += 1;
    await process.sweep();
    expect(await last()).toBe('operations.expired.v1');
    expect(timers.due_.size).toBe(0);
    await process.sweep();
    expect((await bench.events(id)).filter((e) => e.type === 'operations.expired.v1')).toHaveLength(1);
  });

  it('a crash between the event and the end of its timer expires once', async () => {
    const done = timers.done.bind(timers);
    timers.done = () => Promise.reject(new Error('killed'));
    bench.wall = NOON + 2 * HOUR;
    await expect(process.sweep()).rejects.toThrow('killed');
    timers.done = done;
    await new ExpireOperations(new Bench(bench.store).operations, timers, bench.clock).sweep();
    expect((await bench.events(id)).filter((e) => e.type === 'operations.expired.v1')).toHaveLength(1);
    expect(timers.due_.size).toBe(0);
  });

  it('rule 14: nothing expires by a clock that jumped', async () => {
    bench.clock.observe(new Date(NOON + 5 * HOUR).toISOString(), 1_000n);
    await process.sweep();
    expect(await last()).toBe('operations.approved.v1');
    expect(timers.due_.size).toBe(1);
  });

  it('rule 14: what still lives by a clock that was confirmed meanwhile keeps its timer', async () => {
    const due = timers.due.bind(timers);
    bench.clock.observe(new Date(NOON + 30_000).toISOString(), 900n);
    timers.due_.set(id, new Date(NOON - HOUR).toISOString());
    timers.due = (...asked) => {
      bench.clock.confirm(new Date(NOON).toISOString(), 1_000n);
      return due(...asked);
    };
    await process.sweep();
    expect(timers.due_.has(id)).toBe(true);
    expect(await last()).toBe('operations.approved.v1');
  });
});
