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
});
