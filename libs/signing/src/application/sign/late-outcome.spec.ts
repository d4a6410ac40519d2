import { copyOf, ExchangeableStore } from '#eventing/testing/exchangeable-store.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';

describe('an outcome that comes too late', () => {
  it('rule 17: a store that was set back to before `started` while it was signed stops signing, and is not written to for ever', async () => {
    const world = new SagaWorld();
    const held = latch();
    const store = new ExchangeableStore(world.store);
    const operationId = await world.operation(1);
    const { signer, hsm } = await world.signer('signer-1', { store, hsm: new FakeHsm({ afterSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    store.exchangeUnnoticed(await copyOf(world.store, ({ stream }) => !stream.startsWith('signOrder-')));
    store.appends = 0;
    held.release();
    await eventually(() => Promise.resolve(signer.down()), (down) => down?.startsWith('STORE_BEHIND') === true);
    // It comes to its end.
    await signer.stop();
    expect(store.appends).toBeLessThan(3);
    expect(hsm.signed).toHaveLength(1);
    expect((await world.ledger.entry(order))?.signatures).toEqual([expect.any(String)]);
  });
});
