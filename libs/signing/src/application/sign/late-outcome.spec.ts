import type { EventStore } from '#eventing/event-store.port.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';

describe('an outcome that comes too late', () => {
  it('rule 17: a store that was set back to before `started` while it was signed stops signing, and is not written to for ever', async () => {
    const world = new SagaWorld();
    const held = latch();
    const older = new MemoryEventStore();
    let now: EventStore = world.store;
    let appends = 0;
    const store: EventStore = {
      storeId: () => world.store.storeId(),
      append: (...args) => ((appends += 1), now.append(...args)),
      readStream: (...args) => now.readStream(...args),
      readAll: (...args) => now.readAll(...args),
      readAt: (...args) => now.readAt(...args),
      subscribe: (options) => world.store.subscribe(options),
    };
    const operationId = await world.operation(1);
    const { signer, hsm } = await world.signer('signer-1', { store, hsm: new FakeHsm({ afterSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    for (const { stream, revision, id, type, data, metadata } of await world.store.readAll({ limit: 1_000 })) {
      if (!stream.startsWith('signOrder-')) await older.append(stream, revision === 0 ? 'no-stream' : revision - 1, [{ id, type, data, metadata }]);
    }
    now = older;
    appends = 0;
    held.release();
    await eventually(() => Promise.resolve(signer.down()), (down) => down?.startsWith('STORE_BEHIND') === true);
    // It comes to its end.
    await signer.stop();
    expect(appends).toBeLessThan(3);
    expect(hsm.signed).toHaveLength(1);
    expect((await world.ledger.entry(order))?.signatures).toEqual([expect.any(String)]);
  });
});
