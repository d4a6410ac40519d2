import type { Page } from '#eventing/page.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import type { UsesReserved } from '#operations/contract.js';
import { operationStream } from '#operations/contract.js';
import type { ReadModelDatabase } from '#platform/read-model/database.js';
import { Projector } from '#platform/read-model/projector.js';
import type { Sql } from '#platform/read-model/sql.js';
import { SeededEvents } from '#platform/read-model/testing/seeded-events.js';
import { temporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import { TEST_DATABASES } from '#platform/read-model/testing/test-databases.js';
import type { TemporaryReadModel } from '#platform/read-model/testing/temporary-read-model.js';
import type { SignOrderView } from '../../application/sign-order-view.js';
import type { OrderFacts, SigningEvent } from '../../domain/sign-order/events.js';
import { signOrderStream } from '../../streams.js';
import { SignOrderProjection } from './sign-order.projection.js';
import { signingPart } from './sign-order-tables.js';
import { SqlSignOrders } from './sql-sign-orders.js';

const AT = '2026-01-01T00:00:00.000Z';
const factsOf = (id: string, operationId: string, keyId: string): OrderFacts => ({
  operationId, signOrderId: id, reservation: 'r', bodyDigest: 'b', requestedAt: AT, keyId, algorithm: 'ES256', count: 2, format: 'der',
});

describe.each(TEST_DATABASES)('sign orders in the read model on %s', (kind) => {
  let model: TemporaryReadModel;
  let store: MemoryEventStore;
  let seeded: SeededEvents;
  let projector: Projector;
  beforeEach(async () => {
    model = await temporaryReadModel([signingPart], kind);
    store = new MemoryEventStore();
    seeded = new SeededEvents(store);
    projector = new Projector(model.database, [new SignOrderProjection()]);
  });
  afterEach(() => model.close());

  const reserve = (id: string, operationId = 'op', keyId = 'key'): Promise<void> => {
    const { reservation: _reservation, ...facts } = factsOf(id, operationId, keyId);
    const event: UsesReserved = { type: 'operations.uses-reserved.v1', data: { ...facts, publicKeySha256: 'ab', input: { digests: ['AA==', 'AB=='] } } };
    return seeded.add(operationStream(operationId), event);
  };
  const add = (id: string, event: SigningEvent): Promise<void> => seeded.add(signOrderStream(id), event);
  const start = (id: string, operationId = 'op', keyId = 'key'): Promise<void> =>
    add(id, { type: 'signing.started.v1', data: { ...factsOf(id, operationId, keyId), signer: 's', incarnation: 'i', attempt: 'a', publicKeySha256: 'ab', digests: ['AA==', 'AB=='] } });
  const complete = (id: string): Promise<void> =>
    add(id, { type: 'signing.completed.v1', data: { operationId: 'op', keyId: 'key', signer: 's', digests: ['AA==', 'AB=='], signatures: ['S1', 'S2'], at: AT } });
  const fail = (id: string): Promise<void> =>
    add(id, { type: 'signing.failed.v1', data: { ...factsOf(id, 'op', 'key'), signer: 's', code: 'HSM_UNAVAILABLE', detail: 'gone', at: AT } });
  /** Everything that is in the store, in one batch or event by event with a new process each time. */
  const project = async (each = false): Promise<void> => {
    const events = await seeded.all();
    const storeId = await store.storeId();
    if (!each) await projector.apply(events, storeId);
    else for (const event of events) await new Projector(model.database, [new SignOrderProjection()]).apply([event], storeId);
    projector.progress.update({ applied: events.at(-1)?.position });
  };
  const orders = (): SqlSignOrders => new SqlSignOrders(model.database, projector.progress);
  const listed = async (operationId = 'op'): Promise<readonly SignOrderView[]> => (await orders().ofOperation(operationId, { limit: 200, cursor: null })).items;
  const headPosition = async (): Promise<bigint> => (await seeded.all()).at(-1)?.position ?? 0n;

  it.each([['in one batch', false], ['event by event, restarted each time', true]])('shows each order as its streams tell it, newest first (%s)', async (_, each) => {
    for (const id of ['o1', 'o2', 'o3', 'o4']) await reserve(id);
    await reserve('elsewhere', 'other');
    for (const id of ['o1', 'o2']) await start(id);
    await complete('o1');
    await fail('o3');
    await project(each);
    expect((await listed()).map(({ signOrderId, state, usesConsumed, signatures, failure }) => ({ signOrderId, state, usesConsumed, signatures, failure }))).toEqual([
      { signOrderId: 'o4', state: 'reserved', usesConsumed: 2 },
      { signOrderId: 'o3', state: 'failed', usesConsumed: 0, signatures: [], failure: { code: 'HSM_UNAVAILABLE', detail: 'gone' } },
      { signOrderId: 'o2', state: 'signing', usesConsumed: 2 },
      { signOrderId: 'o1', state: 'completed', usesConsumed: 2, signatures: ['S1', 'S2'] },
    ]);
    expect((await listed('other')).map((o) => o.signOrderId)).toEqual(['elsewhere']);
    expect(JSON.stringify(await model.dump())).not.toContain('AA==');
  });

  it('takes findings about an order that ended long ago', async () => {
    await reserve('o1');
    await start('o1');
    await add('o1', { type: 'signing.outcome-unknown.v1', data: { operationId: 'op', keyId: 'key', signer: 's', detail: 'd', digests: [], signatures: [null, 'S2'], spent: 2, returned: 0, at: AT } });
    await project();
    await add('o1', { type: 'signing.outcome-resolved.v1', data: { operationId: 'op', by: { issuer: 'i', subject: 'admin1' }, finding: 'signed', resolved: false, personal: { name: null, comment: 'seen' } } });
    await project();
    expect(await listed()).toEqual([expect.objectContaining({ state: 'outcome-unknown', signatures: [null, 'S2'], findings: [{ finding: 'signed', by: { issuer: 'i', subject: 'admin1' }, comment: 'seen' }] })]);
  });

  it('pages through them while more are added', async () => {
    for (let i = 0; i < 7; i += 1) await reserve(`o${i}`);
    await project();
    const seen: string[] = [];
    for (let cursor: string | null = null; ; ) {
      const page: Page<SignOrderView> = await orders().ofOperation('op', { limit: 3, cursor });
      seen.push(...page.items.map((o) => o.signOrderId));
      await reserve(`late${seen.length}`);
      await project();
      if (page.nextCursor === undefined) break;
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(['o6', 'o5', 'o4', 'o3', 'o2', 'o1', 'o0']);
    await expect(orders().ofOperation('op', { limit: 3, cursor: 'none' })).rejects.toEqual(expect.objectContaining({ code: 'VALIDATION_FAILED' }));
  });

  it('rule 6: names the orders that had started and not ended at a position', async () => {
    for (const id of ['ended', 'open', 'ends-later', 'waits', 'starts-later']) await reserve(id);
    await reserve('other-key', 'op', 'key2');
    await reserve('other-operation', 'op2', 'key');
    for (const id of ['ended', 'open', 'ends-later']) await start(id);
    await start('other-key', 'op', 'key2');
    await start('other-operation', 'op2', 'key');
    await complete('ended');
    await seeded.add(operationStream('op'), { type: 'operations.revoked.v1', data: {} });
    const revoked = await headPosition();
    await complete('ends-later');
    await start('starts-later');
    await project();
    expect(await orders().startedBefore({ operationId: 'op' }, revoked)).toEqual(['open', 'ends-later', 'other-key']);
    expect(await orders().startedBefore({ keyId: 'key' }, revoked)).toEqual(['open', 'ends-later', 'other-operation']);
  });

  it('rule 6: waits until the position is there, and does not guess when it does not come', async () => {
    await reserve('o1');
    await start('o1');
    const head = await headPosition();
    const asked = new SqlSignOrders(model.database, projector.progress).startedBefore({ operationId: 'op' }, head + 1n);
    await project();
    projector.progress.update({ applied: head + 1n });
    expect(await asked).toEqual(['o1']);
    await expect(new SqlSignOrders(model.database, { waitFor: () => Promise.resolve(false) }).startedBefore({ keyId: 'key' }, head)).rejects.toThrow('lags behind');
  });

  it('finds orders under way by the index of ends, however many an operation has', async () => {
    await project();
    const asked: Sql[] = [];
    const database = { query: (query: Sql) => (asked.push(query), model.database.query(query)) } as ReadModelDatabase;
    projector.progress.update({ applied: 10n });
    await new SqlSignOrders(database, projector.progress).startedBefore({ operationId: 'op' }, 5n);
    await new SqlSignOrders(database, projector.progress).ofOperation('op', { limit: 10, cursor: null });
    const plans = await Promise.all(asked.map((query) => model.planOfMany(query)));
    if (kind === 'SQLite') expect(plans).toEqual(['SEARCH sign_order USING INDEX sign_order_by_end (ended_position>?)', 'SEARCH sign_order USING INDEX sign_order_by_operation (operation_id=?)']);
    else expect(plans).toEqual([expect.stringContaining('sign_order_by_end'), expect.stringContaining('sign_order_by_operation')]);
  });

  it('parks what belongs to no reservation', async () => {
    await start('nobody');
    await project();
    expect((await model.dump())['parked_event']).toEqual([expect.stringContaining('StreamGapError')]);
    expect((await model.dump())['sign_order']).toEqual([]);
  });
});
