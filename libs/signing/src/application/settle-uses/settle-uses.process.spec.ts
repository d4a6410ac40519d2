import { randomUUID } from 'node:crypto';
import { SagaWorld } from '../sign/testing/saga-world.js';
import { settleBy, settleUses } from './settle-uses.process.js';

describe('settling', () => {
  const world = new SagaWorld();
  afterAll(() => world.stop());

  const end = (operationId: string, signOrderId: string) =>
    world.store.append(`signOrder-${signOrderId}`, 'no-stream', [
      {
        id: randomUUID(),
        type: 'signing.failed.v1',
        data: { operationId, signOrderId, reservation: 'r', bodyDigest: 'b', requestedAt: '', keyId: 'k', algorithm: 'ES256', count: 1, format: 'raw', signer: 's', code: 'HSM_REFUSED', detail: '', at: '' },
        metadata: { commandId: randomUUID(), actor: { issuer: 'i', subject: 's' }, at: world.trusted.now().closing },
      },
    ]);

  it('is not held up by an end that names no operation', async () => {
    const operationId = await world.operation(1);
    const order = await world.order(operationId);
    await end(randomUUID(), randomUUID());
    await end(operationId, order);
    await settleUses(await world.store.readAll({ limit: 100, prefixes: ['signOrder-'] }), settleBy(world.operations));
    const { state } = await world.operations.states.refresh(`operation-${operationId}`);
    expect([state.open.size, state.grants[0]?.reserved]).toEqual([0, 0]);
  });

  it('goes before the orders that wait: it makes room for them', async () => {
    const operationId = await world.operation(1_000);
    const order = await world.order(operationId);
    await end(operationId, order);
    const ends = await world.store.readAll({ limit: 1_000, prefixes: ['signOrder-'] });
    // More than one append can take.
    const orders = Array.from({ length: 450 }, () => world.order(operationId));
    const settled = settleUses(ends.slice(-1), settleBy(world.operations));
    await Promise.all([...orders, settled]);
    const events = await world.store.readStream(`operation-${operationId}`, { limit: 1_000 });
    const revision = events.find((e) => e.type === 'operations.uses-returned.v1')?.revision;
    expect(events).toHaveLength(454);
    expect(revision).toBeLessThan(250);
  });
});
