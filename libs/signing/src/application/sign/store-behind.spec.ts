import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { StoreUnavailableError } from '#eventing/event-store.port.js';
import type { EventStore, RecordedEvent } from '#eventing/event-store.port.js';
import { copyOf as storeCopy } from '#eventing/testing/exchangeable-store.js';
import { operationStream } from '#operations/contract.js';
import { ledgerStream } from '../../streams.js';
import { ledgerHeadText } from '../accept-store/ledger-head.js';
import { RememberedEvents, PROOF_LASTS_MS } from './remembered-events.js';
import { SILENT_AFTER_MS } from './recover.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';
import type { SignerHandle } from './testing/saga-world.js';

const ENDS = ['completed', 'failed', 'halted', 'outcome-unknown'];

/** A store over the events of another, as if the others had never been: another store of the same id, or of its own. */
async function copyOf(world: SagaWorld, keep: (event: RecordedEvent) => boolean, more: { readonly sameId: boolean }): Promise<EventStore> {
  const copy = await storeCopy(world.store, keep);
  return more.sameId ? storeWith(copy, { storeId: () => world.store.storeId() }) : copy;
}

/** A store with some methods changed; the others are its own, on it. */
const storeWith = (store: EventStore, change: Partial<EventStore>): EventStore => ({
  storeId: () => store.storeId(), append: (...args) => store.append(...args), readStream: (...args) => store.readStream(...args), readAll: (...args) => store.readAll(...args),
  readAt: (...args) => store.readAt(...args), subscribe: (...args) => store.subscribe(...args), ...change,
});

describe('a store that lies behind the ledger', () => {
  let world: SagaWorld;
  beforeEach(() => (world = new SagaWorld()));
  afterEach(() => world.stop());
  const eventsOf = async (store: EventStore, signOrderId: string): Promise<readonly string[]> => (await store.readStream(`signOrder-${signOrderId}`, { limit: 100 })).map((e) => e.type.replace(/^signing\.|\.v1$/g, ''));
  const ended = (signOrderId: string, store: EventStore = world.store): Promise<readonly string[]> => eventually(() => eventsOf(store, signOrderId), (e) => e.some((t) => ENDS.includes(t)));
  const lastEvent = async (signOrderId: string): Promise<unknown> => (await world.last(signOrderId)).data;

  /** Signs `count` orders of an operation, and ends the signer. @returns its orders */
  const signed = async (operationId: string, count: number): Promise<readonly string[]> => {
    const { signer, kill } = await world.signer('signer-1');
    const orders: string[] = [];
    for (let i = 0; i < count; i++) orders.push(await world.order(operationId));
    for (const order of orders) expect(await ended(order)).toEqual(['started', 'completed']);
    await signer['saveCheckpoint']();
    kill();
    world.restartLedger();
    return orders;
  };
  const accept = async (store: EventStore, ...who: readonly string[]): Promise<void> => {
    const stream = ledgerStream(world.ledger.ledgerId);
    const head = ledgerHeadText(world.ledger.ledgerId, (await world.ledger.head()).head);
    const storeId = await store.storeId();
    for (const subject of who) {
      const [last] = await store.readStream(stream, { limit: 1, direction: 'backward' });
      const data = { ledgerId: world.ledger.ledgerId, head, storeId, by: { issuer: 'https://idp.test', subject }, accepted: false, personal: { name: null, comment: 'c' } };
      await store.append(stream, last?.revision ?? 'no-stream', [{ id: randomUUID(), type: 'signing.older-store-accepted.v1', data, metadata: { commandId: randomUUID(), actor: data.by, at: world.trusted.now().closing } }]);
    }
  };
  const lookedAgain = async ({ signer, resumed }: SignerHandle): Promise<number> => {
    await signer['lookAgain']();
    return resumed();
  };

  describe('before an order', () => {
    it('rule 16: an order is halted when an event that its stream was signed upon is gone, and the signer stops', async () => {
      const operationId = await world.operation(5);
      await signed(operationId, 1);
      // The newest thousand streams are looked for at the start; this is one of many.
      const ledger = Object.assign(Object.create(world.ledger) as typeof world.ledger, { newestRemembered: () => Promise.resolve([]) });
      const gone = await copyOf(world, (event) => !(event.stream === operationStream(operationId) && event.type === 'operations.uses-reserved.v1'), { sameId: false });
      const { signer, hsm } = await world.signer('signer-1', { store: gone, ledger });
      expect(signer.down()).toBeUndefined();
      // Another event stands where it was: an order of the same operation.
      const order = randomUUID();
      const [head] = await gone.readStream(operationStream(operationId), { limit: 1, direction: 'backward' });
      const template = (await world.store.readStream(operationStream(operationId), { limit: 10 })).find((e) => e.type === 'operations.uses-reserved.v1');
      await gone.append(operationStream(operationId), head?.revision ?? 0, [{ id: randomUUID(), type: 'operations.uses-reserved.v1', data: { ...(template?.data as object), signOrderId: order }, metadata: { commandId: randomUUID(), actor: { issuer: 'i', subject: 's' }, at: world.trusted.now().closing } }]);
      expect(await ended(order, gone)).toEqual(['halted']);
      expect((await gone.readStream(`signOrder-${order}`, { limit: 1 }))[0]?.data).toMatchObject({ code: 'STORE_BEHIND' });
      expect(hsm.signed).toEqual([]);
      expect(signer.down()).toMatch(/STORE_BEHIND.*revision/);
      // It does not pass by itself, though what is looked for at a start is there.
      await signer['lookAgain']();
      expect(signer.down()).toMatch(/STORE_BEHIND/);
    });

    it('rule 16: the ledger refuses what exceeds the grant, whatever the store says, and the order is halted', async () => {
      const operationId = await world.operation(3);
      const before = { name: 'signer-1', incarnation: 'an earlier one' };
      await world.ledger.claimName(before);
      await world.ledger.intend(before, { signOrderId: randomUUID(), operationId, keyId: 'k', count: 2, relied: [] }, { atMost: 3 });
      world.restartLedger();
      const { signer, hsm } = await world.signer('signer-1');
      const two = await world.order(operationId, 2);
      expect(await ended(two)).toEqual(['started', 'halted']);
      expect(await lastEvent(two)).toMatchObject({ code: 'USAGE_EXHAUSTED' });
      const one = await world.order(operationId, 1);
      expect(await ended(one)).toEqual(['started', 'completed']);
      expect([hsm.signed.length, await world.ledger.spent(operationId, 'k'), signer.down()]).toEqual([1, 3, undefined]);
    });

    it('rule 16: an order reads nothing of the store, and asks the ledger nothing but its intent, once its streams were looked at', async () => {
      const operationId = await world.operation(10);
      const reads: string[] = [];
      const store = storeWith(world.store, {
        readStream: (...args: Parameters<EventStore['readStream']>) => (reads.push(args[0]), world.store.readStream(...args)),
      });
      const asked = jest.fn<(stream: string) => void>();
      const ledger = Object.assign(Object.create(world.ledger) as typeof world.ledger, { remembered: (stream: string) => (asked(stream), world.ledger.remembered(stream)) });
      await world.signer('signer-1', { store, ledger });
      await ended(await world.order(operationId));
      reads.length = 0;
      asked.mockClear();
      for (let i = 0; i < 5; i++) expect(await ended(await world.order(operationId))).toEqual(['started', 'completed']);
      expect([reads, asked.mock.calls]).toEqual([[], []]);
      // A minute later it is looked at again.
      world.clock.advance(PROOF_LASTS_MS + 1);
      await ended(await world.order(operationId));
      expect(asked.mock.calls.length).toBe(3);
    });

    it('one look serves all who wait for it, and what could not be asked is asked again', async () => {
      let away = true;
      const asked = jest.fn<() => void>();
      const ledger = Object.assign(Object.create(world.ledger) as typeof world.ledger, { remembered: (stream: string) => (asked(), away ? Promise.reject(new Error('away')) : world.ledger.remembered(stream)) });
      const remembered = new RememberedEvents(world.store, ledger, world.clock);
      await expect(remembered.prove(['operation-1'])).rejects.toThrow('away');
      away = false;
      await Promise.all([remembered.prove(['operation-1']), remembered.prove(['operation-1'])]);
      await remembered.prove(['operation-1']);
      expect(asked).toHaveBeenCalledTimes(2);
      expect(remembered.behind()).toBeUndefined();
    });
  });

  describe('at the start', () => {
    it.each([['of the same id', true], ['copied to another store', false]])('rule 17: a store that lacks what was signed last is refused: %s', async (_what, sameId) => {
      const operationId = await world.operation(5);
      const [first] = await signed(operationId, 2);
      const older = await copyOf(world, ({ position }) => position <= 5n, { sameId });
      const { signer, hsm } = await world.signer('signer-1', { store: older });
      expect(signer.down()).toMatch(/^STORE_BEHIND: /);
      expect(signer.down()).toContain((await world.ledger.head()).head);
      await signer['orders'].sweep();
      expect([hsm.signed, await eventsOf(older, first ?? '')]).toEqual([[], []]);
    });

    it('rule 17: a whole copy in another store is read from its beginning, and signed upon', async () => {
      const operationId = await world.operation(5);
      await signed(operationId, 2);
      const order = await world.order(operationId);
      const copy = await copyOf(world, () => true, { sameId: false });
      const { signer, hsm } = await world.signer('signer-1', { store: copy });
      expect(await ended(order, copy)).toEqual(['started', 'completed']);
      expect([signer.down(), hsm.signed.length]).toEqual([undefined, 1]);
    });

    it('rule 17: an empty ledger beside a store in which an order was started is refused', async () => {
      const operationId = await world.operation(5);
      await signed(operationId, 1);
      world.memory.entries.clear();
      for (const all of [world.memory.heard, world.memory.checkpoints, world.memory.remembered]) all.clear();
      world.memory.notes.clear();
      world.memory.history.length = 0;
      world.restartLedger();
      const handle = await world.signer('signer-1');
      expect(handle.signer.down()).toMatch(/STORE_BEHIND.*never counted/);
      // The head that it tells of holds: what a new ledger notes first was noted before.
      await accept(world.store, 'admin-1', 'admin-2');
      expect(await lookedAgain(handle)).toBe(1);
    });

    it('rule 17: a new ledger is not taken for a lost one by who comes second to it', async () => {
      const operationId = await world.operation(5);
      const held = latch();
      const ledger = Object.assign(Object.create(world.ledger) as typeof world.ledger, { intend: async (...args: Parameters<typeof world.ledger.intend>) => (held.reach(), await held.released, world.ledger.intend(...args)) });
      await world.signer('signer-1', { ledger });
      const order = await world.order(operationId);
      await held.reached;
      const second = await world.signer('signer-2');
      expect(second.signer.down()).toBeUndefined();
      held.release();
      expect(await ended(order)).toEqual(['started', 'completed']);
    });
  });

  describe('that is accepted', () => {
    it('rule 17: goes on when two administrators named the present head for this store, and not before; what was counted stays spent', async () => {
      const operationId = await world.operation(3);
      await signed(operationId, 2);
      const older = await copyOf(world, ({ position }) => position <= 5n, { sameId: true });
      const handle = await world.signer('signer-1', { store: older });
      expect(await lookedAgain(handle)).toBe(0);
      await accept(older, 'admin-1', 'admin-1');
      expect(await lookedAgain(handle)).toBe(0);
      await accept(older, 'admin-2');
      expect([await lookedAgain(handle), await lookedAgain(handle)]).toEqual([1, 1]);
      expect(handle.signer.down()).toMatch(/STORE_BEHIND/);
      expect(await world.ledger.acceptance()).toMatchObject({ by: [{ subject: 'admin-1' }, { subject: 'admin-2' }] });

      // As the process does: another one in its place.
      await handle.signer.stop();
      const next = await world.signer('signer-1', { store: older });
      expect(next.signer.down()).toBeUndefined();
      expect(await world.ledger.spent(operationId, 'k')).toBe(2);
      // Their word holds once: a store without it lies behind again.
      next.kill();
      world.restartLedger();
      const before = await copyOf(world, ({ position }) => position <= 5n, { sameId: true });
      expect((await world.signer('signer-1', { store: before })).signer.down()).toMatch(/STORE_BEHIND.*administrators/);
    });

    it.each<[string, (store: EventStore) => Promise<void>]>([
      ['another head', async (store) => {
        await accept(store, 'admin-1');
        const before = { name: 'signer-9', incarnation: 'x' };
        await world.ledger.claimName(before);
        await world.ledger.intend(before, { signOrderId: randomUUID(), operationId: 'o', keyId: 'k', count: 1, relied: [] }, { atMost: 1 });
        await accept(store, 'admin-2');
      }],
      ['another store', async (store) => accept(storeWith(store, { storeId: () => Promise.resolve('another') }), 'admin-1', 'admin-2')],
    ])('rule 17: words for %s are no word for this one', async (_what, say) => {
      const operationId = await world.operation(3);
      await signed(operationId, 2);
      const older = await copyOf(world, ({ position }) => position <= 5n, { sameId: true });
      const handle = await world.signer('signer-1', { store: older });
      await say(older);
      expect(await lookedAgain(handle)).toBe(0);
      expect(await world.ledger.acceptance()).toBeUndefined();
    });

    it('rules 9 and 17: what a signer left that was lost with the ledger is ended after its loss was accepted', async () => {
      const operationId = await world.operation(3);
      const held = latch();
      const lost = await world.signer('signer-7', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
      const order = await world.order(operationId);
      await held.reached;
      lost.kill();
      world.memory.entries.clear();
      for (const all of [world.memory.heard, world.memory.checkpoints, world.memory.remembered]) all.clear();
      world.memory.history.length = 0;
      world.restartLedger();
      const handle = await world.signer('signer-1');
      await accept(world.store, 'admin-1', 'admin-2');
      expect(await lookedAgain(handle)).toBe(1);
      await handle.signer.stop();
      const next = await world.signer('signer-1');
      world.clock.advance(SILENT_AFTER_MS + 1);
      await next.signer['orders'].sweep();
      expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
    });
  });

  it('rules 12, 17: a store that comes back without what was seen last stops signing', async () => {
    const operationId = await world.operation(5);
    let broken = false;
    let told = false;
    const restored = await copyOf(world, () => true, { sameId: true });
    const swapped = storeWith(world.store, {
      readAt: (position: bigint) => (broken ? restored : world.store).readAt(position),
      async *subscribe(options: Parameters<EventStore['subscribe']>[0]) {
        for await (const message of world.store.subscribe(options)) {
          if (broken && !told) {
            told = true;
            throw new StoreUnavailableError('gone');
          }
          yield message;
        }
      },
    });
    const { signer, hsm } = await world.signer('signer-1', { store: swapped });
    expect(await ended(await world.order(operationId))).toEqual(['started', 'completed']);
    await eventually(() => Promise.resolve(signer.openOrders), (n) => n === 0);
    broken = true;
    await world.order(operationId);
    await eventually(() => Promise.resolve(signer.down()), (d) => /STORE_BEHIND.*last event that the signer had seen/.test(d ?? ''));
    expect(hsm.signed).toHaveLength(1);
  });

  it('rules 12, 17: what was found of a store before it was away again says nothing of the one that comes back', async () => {
    await world.operation(5);
    const { signer } = await world.signer('signer-1');
    const looked = latch();
    const readAt = jest.spyOn(world.store, 'readAt').mockImplementationOnce(async (position) => {
      looked.reach();
      await looked.released;
      return (await world.store.readAll({ limit: 100 })).find((event) => event.position === position);
    });
    signer['broken'](new StoreUnavailableError('away'), 1);
    signer['caughtUp']();
    await looked.reached;
    signer['broken'](new StoreUnavailableError('away again'), 1);
    looked.release();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(signer.down()).toBe('the event store does not answer');
    signer['caughtUp']();
    await eventually(() => Promise.resolve(signer.down()), (down) => down === undefined);
    expect(readAt).toHaveBeenCalledTimes(2);
  });
});
