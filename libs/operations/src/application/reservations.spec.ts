import { NOBODY_KNOWN } from '#identity/contract.js';
import { randomId } from '#eventing/ids.js';
import type { Folded } from '#eventing/stream-states.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import type { Fault } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import type { OperationState } from '../domain/operation/state.js';
import { Bench, metaOf, ORDERER, requestOf, plane } from './testing/operations-bench.js';
import { RequestOperationCommand } from './request-operation/request-operation.command.js';
import { RequestOperationHandler } from './request-operation/request-operation.handler.js';

const signOrderStream = (signOrderId: string): string => `signOrder-${signOrderId}`;
const event = (type: string) => ({ id: randomId(), type, data: {}, metadata: { commandId: randomId(), actor: ORDERER, at: '2026-11-20T12:00:00.000Z' } });

/** One process that takes orders, and one that signs and settles them, over one store. */
class Process extends Bench {
  order(operationId: string, key: string, { before, count = 1 }: { before?: () => Promise<unknown>; count?: number } = {}) {
    const meta = metaOf(ORDERER, 's', key);
    const signOrderId = `order-${key}`;
    const digests = Array<string>(count).fill('d');
    return this.operations.execute({
      stream: `operation-${operationId}`,
      meta,
      precheck: async (folded: Folded<OperationState>) => {
        if (folded.state.open.has(signOrderId)) return 'answered';
        const there = await this.store.readStream(signOrderStream(signOrderId), { limit: 1 });
        await before?.();
        return there.length > 0 ? 'answered' : 'new';
      },
      build: (now) => ({ type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order: { signOrderId, requestedAt: 't', keyId: 'k', count, input: { digests }, format: 'der', bodyDigest: 'b' }, digests, keyEnabled: true, lacking: null, unavailable: null, now }),
    });
  }
  async sign(operationId: string, key: string, count = 1): Promise<void> {
    await this.store.append(signOrderStream(`order-${key}`), 'no-stream', [event('signing.started.v1')]);
    await this.settle(operationId, key, count);
  }
  settle(operationId: string, key: string, spent: number, returned = 0) {
    const outcomes = [{ signOrderId: `order-${key}`, spent, returned, cause: 'c' }];
    return this.operations.execute({ stream: `operation-${operationId}`, meta: metaOf(ORDERER, 'settle'), build: (now) => ({ type: 'settle-uses', outcomes, now }) });
  }
}

describe('reservations through several processes', () => {
  let store: FaultyEventStore;
  let here: Process;
  let there: Process;
  const operation = async (maxUsageCount: number): Promise<string> => {
    here.keys.set('k', { approvalPolicy: { type: 'none' } });
    return (await new RequestOperationHandler(here.operations, here.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r'), ORDERER, requestOf({ keyUsages: [{ keyId: 'k', maxUsageCount }] })))).operationId;
  };
  beforeEach(() => {
    store = new FaultyEventStore(new MemoryEventStore());
    [here, there] = [new Process(store), new Process(store)];
  });
  const reservations = async (operationId: string) => (await here.events(operationId)).filter((e) => e.type === 'operations.uses-reserved.v1').length;

  it('rule 4: an order that another process reserves and settles between precheck and append is reserved once', async () => {
    const id = await operation(10);
    let calls = 0;
    const before = async (): Promise<void> => {
      if ((calls += 1) > 1) return;
      await there.order(id, 'a');
      await there.sign(id, 'a');
    };
    expect(await here.order(id, 'a', { before })).toMatchObject({ repeated: true, events: [] });
    expect(calls).toBe(2);
    expect(await reservations(id)).toBe(1);
    expect((await here.operations.states.refresh(`operation-${id}`)).state.grants).toMatchObject([{ reserved: 0, spent: 1 }]);
  });

  it('rule 4: an order that another process reserves between precheck and append is reserved once', async () => {
    const id = await operation(10);
    let calls = 0;
    const before = async (): Promise<unknown> => ((calls += 1) > 1 ? undefined : there.order(id, 'a'));
    expect(await here.order(id, 'a', { before })).toMatchObject({ repeated: true, events: [] });
    expect(await reservations(id)).toBe(1);
  });

  it('rule 4: a retry is found in the open set, then in its own stream, from any process and after a restart', async () => {
    const id = await operation(10);
    await here.order(id, 'a');
    for (const process of [here, there, new Process(store)]) expect(await process.order(id, 'a')).toMatchObject({ repeated: true });
    await there.sign(id, 'a');
    for (const process of [here, there, new Process(store)]) expect(await process.order(id, 'a')).toMatchObject({ repeated: true });
    expect(await reservations(id)).toBe(1);
  });

  it('rule 4: a retry is answered, not refused, when nothing is left', async () => {
    const id = await operation(1);
    await here.order(id, 'a');
    await there.sign(id, 'a');
    expect(await new Process(store).order(id, 'a')).toMatchObject({ repeated: true });
    await expect(there.order(id, 'b')).rejects.toMatchObject({ code: 'USAGE_EXHAUSTED' });
  });

  it('rule 10: what failed before C_Sign can be ordered again, by any process', async () => {
    const id = await operation(1);
    await here.order(id, 'a');
    await expect(there.order(id, 'b')).rejects.toMatchObject({ code: 'USAGE_EXHAUSTED' });
    await there.settle(id, 'a', 0, 1);
    expect(await here.order(id, 'b')).toMatchObject({ repeated: false });
  });

  it('of 64 clients at once through two processes exactly as many get uses as were granted', async () => {
    const id = await operation(20);
    const faults: readonly Fault[] = ['none', 'unknown-after', 'none', 'unknown', 'conflict'];
    store.faults = [...faults, ...faults];
    const outcomes = await Promise.allSettled(Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? here : there).order(id, `k${i}`)));
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(20);
    for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toMatchObject({ code: 'USAGE_EXHAUSTED' });
    expect(await reservations(id)).toBe(20);
  });

  it('rule 4: 3,000 keyed orders later the first is still the same, and the state as small as before', async () => {
    const id = await operation(1_000_000);
    const size = async () => JSON.stringify(await new Process(store).operations.states.refresh(`operation-${id}`).then((f) => [f.state.grants.length, f.state.open.size, f.state.decisions.length, f.answers.size]));
    await here.order(id, 'first');
    await there.sign(id, 'first');
    const before = await size();
    for (let i = 0; i < 30; i += 1) {
      const keys = Array.from({ length: 100 }, (_, n) => `k${i}-${n}`);
      await Promise.all(keys.map((key) => here.order(id, key)));
      const outcomes = keys.map((key) => ({ signOrderId: `order-${key}`, spent: 1, returned: 0, cause: 'c' }));
      await there.operations.execute({ stream: `operation-${id}`, meta: metaOf(ORDERER, 'settle'), build: (now) => ({ type: 'settle-uses', outcomes, now }) });
    }
    expect(await size()).toBe(before);
    for (const process of [here, there, new Process(store)]) expect(await process.order(id, 'first')).toMatchObject({ repeated: true });
    expect(await reservations(id)).toBe(3_001);
  });
});
