import type { RecordedEvent } from '#eventing/event-store.port.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { AdministrationBench, principal } from '../testing/administration-bench.js';
import { account } from '../testing/signing-person.js';
import { ApplyActs } from './apply-acts.process.js';
import type { Applied } from './apply-acts.process.js';

const ADA = principal('ada');
const approvedEvent = (operationId: string, type = 'operations.approved.v1', stream = `operation-${operationId}`): RecordedEvent => ({ stream, revision: 2, position: 2n, id: 'i', type, data: {}, metadata: { commandId: 'c', actor: account('ben'), at: '2026-11-20T12:00:00.000Z' } });
const approvals = (...names: readonly string[]) => names.map((name) => ({ by: account(name), proof: null }));

describe('acts of approved operations', () => {
  let bench: AdministrationBench;
  let told: Applied[];
  let process: ApplyActs;
  beforeEach(() => {
    bench = new AdministrationBench(2);
    told = [];
    process = new ApplyActs(bench.controlPlane, bench.operations, bench.settings, (applied) => void told.push(applied));
  });
  const proposed = async (path = '/v1/roster/fw', body: unknown = { members: [account('eve')] }): Promise<string> => {
    const outcome = await bench.act(ADA, 'PUT', path, body);
    return 'operationId' in outcome ? outcome.operationId : '';
  };

  it('are applied with statement and decisions, by who proposed them', async () => {
    const id = await proposed();
    bench.operations.approve(id, approvals('ben', 'cyd'));
    await process.handle([approvedEvent(id)]);
    const [event] = await bench.events();
    expect(event).toMatchObject({ type: 'administration.roster-set.v1', data: { by: account('ada'), authority: { type: 'operation', operationId: id, statement: bench.operations.statement(id), decisions: approvals('ben', 'cyd') } }, metadata: { actor: { subject: 'apply-acts' } } });
    expect(told).toEqual([{ operationId: id, refused: null }]);
  });

  it('are applied once, however often and by however many they are seen', async () => {
    const id = await proposed();
    bench.operations.approve(id, approvals('ben', 'cyd'));
    const other = new ApplyActs(new AdministrationBench(2, bench.store).controlPlane, bench.operations, bench.settings);
    await Promise.all([process.handle([approvedEvent(id), approvedEvent(id)]), other.handle([approvedEvent(id)])]);
    await other.handle([approvedEvent(id)]);
    expect(await bench.types()).toEqual(['roster-set']);
  });

  it('are applied when they come again after a failure', async () => {
    const store = new FaultyEventStore(new MemoryEventStore());
    bench = new AdministrationBench(2, store);
    process = new ApplyActs(bench.controlPlane, bench.operations, bench.settings);
    const id = await proposed();
    bench.operations.approve(id, approvals('ben', 'cyd'));
    store.faults = ['unavailable'];
    await process.handle([approvedEvent(id)]).catch(() => undefined);
    await process.handle([approvedEvent(id)]);
    expect(await bench.types()).toEqual(['roster-set']);
  });

  it('that can\'t be done any more are told in the chain, once', async () => {
    const id = await proposed('/v1/people/p', { accounts: [account('eve')] });
    bench.operations.approve(id, approvals('ben', 'cyd'));
    const earlier = await proposed('/v1/people/q', { accounts: [account('eve')] });
    bench.operations.approve(earlier, approvals('ben', 'cyd'));
    await process.handle([approvedEvent(earlier), approvedEvent(id), approvedEvent(id)]);
    expect(await bench.types()).toEqual(['person-set', 'act-refused']);
    expect((await bench.events())[1]?.data).toMatchObject({ operationId: id, by: account('ada'), code: 'ACCOUNT_TAKEN' });
    expect(told.at(-1)).toMatchObject({ operationId: id });
  });

  it('whose approvals do not count are refused', async () => {
    const id = await proposed();
    bench.operations.approve(id, approvals('ben', 'ada'));
    await process.handle([approvedEvent(id)]);
    expect((await bench.events())[0]?.data).toMatchObject({ code: 'OPERATION_NOT_APPROVED' });
  });

  it('are no others\': withdrawn meanwhile, about no act, other events', async () => {
    const id = await proposed();
    await process.handle([approvedEvent(id), approvedEvent('00000000-0000-4000-8000-000000000000'), approvedEvent(id, 'operations.requested.v1'), approvedEvent(id, 'operations.approved.v1', 'signOrder-x')]);
    expect(await bench.types()).toEqual([]);
  });
});
