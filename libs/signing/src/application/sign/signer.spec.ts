import { ConflictError, OutcomeUnknownError } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { HsmError } from '../ports/hsm.port.js';
import { SILENT_AFTER_MS } from './recover.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';

describe('the signer', () => {
  let world: SagaWorld;
  beforeEach(() => (world = new SagaWorld()));
  afterEach(() => world.stop());

  const ended = (signOrderId: string, ms?: number): Promise<readonly string[]> => eventually(() => world.events(signOrderId), (e) => e.some((t) => ['completed', 'failed', 'halted', 'outcome-unknown'].includes(t)), ms);

  /** The world's store with one method changed. */
  const storeWith = (change: Partial<EventStore>): EventStore => Object.assign(Object.create(world.store) as EventStore, change);

  /** A signer's store that stops it before or after its first append of a type, until it is released. */
  const held = (type: string, when: 'before' | 'after'): { readonly store: EventStore; readonly at: ReturnType<typeof latch> } => {
    const at = latch();
    const hold = async (events: readonly { readonly type: string }[]): Promise<void> => {
      if (events[0]?.type !== type) return;
      at.reach();
      await at.released;
    };
    const store = storeWith({
      append: async (stream, expected, events) => {
        if (when === 'before') await hold(events);
        const result = await world.store.append(stream, expected, events);
        if (when === 'after') await hold(events);
        return result;
      },
    });
    return { store, at };
  };

  it('signs what was accepted before it started and what comes later, once each', async () => {
    const operationId = await world.operation(3);
    const before = await world.order(operationId);
    const { hsm } = await world.signer('signer-1');
    const after = await world.order(operationId, 2);
    expect(await ended(before)).toEqual(['started', 'completed']);
    expect(await ended(after)).toEqual(['started', 'completed']);
    expect(hsm.signed).toHaveLength(3);
    expect(await world.settled(operationId)).toMatchObject({ status: 'exhausted', grants: [{ reserved: 0, spent: 3 }] });
  });

  it('starts the orders of one operation in their order', async () => {
    const operationId = await world.operation(50);
    const orders = [];
    for (let i = 0; i < 20; i++) orders.push(await world.order(operationId));
    await world.signer('signer-1', { concurrency: 3 });
    for (const o of orders) await ended(o);
    const started = (await world.store.readAll({ limit: 1000, prefixes: ['signOrder-'] })).filter((e) => e.type === 'signing.started.v1').map((e) => e.stream.slice(10));
    expect(started).toEqual(orders);
  });

  it('rule 1: of two signers one takes an order, and the paused one that comes back does not sign it again', async () => {
    const operationId = await world.operation(1);
    const order = await world.order(operationId);
    // Signer 1 is stopped right after its `started` is in the store, before it hears of it.
    const { store: paused, at: acknowledged } = held('signing.started.v1', 'after');
    const first = await world.signer('signer-1', { store: paused });
    await acknowledged.reached;
    const second = await world.signer('signer-2');
    await second.signer['orders'].sweep();
    expect(second.hsm.signed).toEqual([]);
    acknowledged.release();
    expect(await ended(order)).toEqual(['started', 'completed']);
    expect(first.hsm.signed.length + second.hsm.signed.length).toBe(1);
  });

  it('rule 1: 20 orders, four signers at once: each order is signed by one', async () => {
    const operationId = await world.operation(20);
    const orders = [];
    for (let i = 0; i < 20; i++) orders.push(await world.order(operationId));
    const signers = await Promise.all([1, 2, 3, 4].map((n) => world.signer(`signer-${n}`)));
    for (const o of orders) expect(await ended(o)).toEqual(['started', 'completed']);
    expect(signers.reduce((n, s) => n + s.hsm.signed.length, 0)).toBe(20);
  });

  it('rule 1: a `started` whose answer is lost is sent again, and goes on', async () => {
    let lost = 0;
    const flaky = storeWith({
      append: async (stream, expected, events) => {
        const first = events[0]?.type === 'signing.started.v1' && lost++ === 0;
        const result = await world.store.append(stream, expected, events);
        if (first) throw new OutcomeUnknownError('the answer is lost');
        return result;
      },
    });
    const operationId = await world.operation(1);
    const { hsm } = await world.signer('signer-1', { store: flaky });
    expect(await ended(await world.order(operationId))).toEqual(['started', 'completed']);
    expect([hsm.signed.length, lost]).toEqual([1, 2]);
  });

  it('rule 2: what another signer has failed before it was started is not signed, and given back once', async () => {
    const operationId = await world.operation(1);
    const order = await world.order(operationId);
    const { store, at } = held('signing.started.v1', 'before');
    const first = await world.signer('signer-1', { store });
    await at.reached;
    const second = await world.signer('signer-2', { hsm: new FakeHsm({ prepare: () => { throw new HsmError('refused', 'KEY_MISSING', 'gone'); } }) });
    expect(await ended(order)).toEqual(['failed']);
    at.release();
    await eventually(() => Promise.resolve(first.signer['orders']['running'].size), (n) => n === 0);
    expect([...first.hsm.signed, ...second.hsm.signed]).toEqual([]);
    expect(await world.events(order)).toEqual(['failed']);
    expect(await world.settled(operationId)).toMatchObject({ status: 'approved', grants: [{ reserved: 0, spent: 0 }] });
    const returns = (await world.store.readAll({ limit: 1000, prefixes: ['operation-'] })).filter((e) => e.type === 'operations.uses-returned.v1');
    expect(returns).toHaveLength(1);
  });

  it('rule 6: an order that waits behind others halts when its operation is revoked meanwhile', async () => {
    const operationId = await world.operation(10);
    const held = latch();
    const hsm = new FakeHsm({ beforeSign: (call) => (call === 1 ? (held.reach(), held.released) : undefined) });
    await world.signer('signer-1', { hsm, concurrency: 1 });
    const first = await world.order(operationId);
    const second = await world.order(operationId);
    await held.reached;
    await world.revoke(operationId);
    held.release();
    expect(await ended(first)).toEqual(['started', 'completed']);
    expect(await ended(second)).toEqual(['halted']);
    expect(await world.last(second)).toMatchObject({ data: { code: 'OPERATION_REVOKED' } });
    expect(hsm.signed).toHaveLength(1);
  });

  it('rule 6: what is revoked between `started` and its recheck halts, at revision 0', async () => {
    const operationId = await world.operation(1);
    const order = await world.order(operationId);
    const revokedFirst = storeWith({
      append: async (stream, expected, events) => {
        if (events[0]?.type === 'signing.started.v1') await world.revoke(operationId);
        return world.store.append(stream, expected, events);
      },
    });
    const { hsm } = await world.signer('signer-1', { store: revokedFirst });
    expect(await ended(order)).toEqual(['started', 'halted']);
    expect(hsm.signed).toEqual([]);
    expect((await world.ledger.entry(order))?.released ?? 0).toBe(0);
  });

  it.each<[string, (operationId: string) => Promise<void>, RegExp]>([
    ['disabled key', () => world.disableKey(), /disabled/],
    ['window over', () => Promise.resolve(world.clock.advance(10_000)), /window is over/],
    ['revoked', (operationId) => world.revoke(operationId), /revoked/],
  ])('rule 6: after 64 digests authority is derived anew: %s', async (_what, change, detail) => {
    const operationId = await world.operation(200, 5_000);
    const held = latch();
    const hsm = new FakeHsm({ beforeSign: (call) => (call === 64 ? (held.reach(), held.released) : undefined) });
    await world.signer('signer-1', { hsm });
    const order = await world.order(operationId, 100);
    await held.reached;
    await change(operationId);
    held.release();
    expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
    const last = await world.last(order);
    expect(last).toMatchObject({ data: { spent: 64, returned: 36, detail: expect.stringMatching(detail) as unknown } });
    expect(hsm.signed).toHaveLength(64);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 64 });
    expect(await world.ledger.spent(operationId, 'k')).toBe(64);
  });

  it('rule 6: more than a second between recheck and C_Sign: rechecked from the leader', async () => {
    const operationId = await world.operation(1);
    const slowLedger = Object.assign(Object.create(world.ledger) as typeof world.ledger, {
      intend: async (...args: Parameters<typeof world.ledger.intend>) => {
        await world.ledger.intend(...args);
        await world.revoke(operationId);
        world.clock.advance(1_500);
      },
    });
    const { hsm } = await world.signer('signer-1', { ledger: slowLedger });
    const order = await world.order(operationId);
    expect(await ended(order)).toEqual(['started', 'halted']);
    expect(hsm.signed).toEqual([]);
    expect(await world.ledger.spent(operationId, 'k')).toBe(0);
  });

  describe.each([1, 2, 5, 10])('rule 7: call %i of 10 fails', (k) => {
    it('before C_Sign, retryable: it goes on with the rest; at k = 1 the order is tried again', async () => {
      const operationId = await world.operation(10);
      const hsm = new FakeHsm({ beforeSign: (call) => { if (call === k) throw new HsmError('retryable', 'UNAVAILABLE', 'not now'); } });
      await world.signer('signer-1', { hsm });
      const order = await world.order(operationId, 10);
      if (k === 1) {
        expect(await ended(order)).toEqual(['started', 'completed']);
        expect(hsm.signed).toHaveLength(10);
        return;
      }
      expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
      const { data } = await world.last(order);
      expect(data).toMatchObject({ spent: 9, returned: 1 });
      expect((data as unknown as { signatures: unknown[] }).signatures.map((s) => s === null)).toEqual(Array.from({ length: 10 }, (_, i) => i === k - 1));
      expect(hsm.signed).toHaveLength(9);
      expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 9 });
    });

    it('after C_Sign: the outcome is unknown, its use stays spent, no digest is given to C_Sign twice', async () => {
      const operationId = await world.operation(10);
      const hsm = new FakeHsm({ afterSign: (call) => { if (call === k) throw new HsmError('unknown', 'UNAVAILABLE', 'who knows'); } });
      await world.signer('signer-1', { hsm });
      const order = await world.order(operationId, 10);
      expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
      expect((await world.last(order)).data).toMatchObject({ spent: 10, returned: 0 });
      expect(new Set(hsm.signed).size).toBe(hsm.signed.length);
      expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 10 });
    });
  });

  it('rule 7: an order whose every call is refused before C_Sign fails, and its uses are back', async () => {
    const operationId = await world.operation(2);
    await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: () => { throw new HsmError('refused', 'REFUSED', 'no'); } }) });
    const order = await world.order(operationId, 2);
    expect(await ended(order)).toEqual(['started', 'failed']);
    expect(await world.last(order)).toMatchObject({ data: { code: 'HSM_REFUSED' } });
    expect(await world.ledger.spent(operationId, 'k')).toBe(0);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 0 });
  });

  it('rule 8: who wakes up to an unknown outcome tells what it had and hands nothing out', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    const hsm = new FakeHsm({ afterSign: () => (held.reach(), held.released) });
    const first = await world.signer('signer-1', { hsm });
    const order = await world.order(operationId);
    await held.reached;
    const second = await world.signer('signer-2');
    world.clock.advance(SILENT_AFTER_MS + 1);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started', 'outcome-unknown']);
    held.release();
    expect(await eventually(() => world.events(order), (e) => e.length === 3)).toEqual(['started', 'outcome-unknown', 'late-outcome']);
    expect(first.hsm.signed.length + second.hsm.signed.length).toBe(1);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 1 });
  });

  it('rule 8: a restart completes what its ledger has signatures of', async () => {
    const operationId = await world.operation(2);
    const { store, at } = held('signing.completed.v1', 'before');
    const first = await world.signer('signer-1', { store });
    const order = await world.order(operationId, 2);
    await at.reached;
    first.kill();
    world.restartLedger();
    const second = await world.signer('signer-1');
    expect(await ended(order)).toEqual(['started', 'completed']);
    expect((await world.last(order)).data).toMatchObject({ signatures: [expect.any(String), expect.any(String)] });
    expect([first.hsm.signed.length, second.hsm.signed.length]).toEqual([2, 0]);
  });

  it('rule 9: a signer that works is not called unknown by another one; one that is gone is', async () => {
    const operationId = await world.operation(2);
    const held = latch();
    const first = await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    const second = await world.signer('signer-2');
    world.clock.advance(SILENT_AFTER_MS - 1_000);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started']);
    first.kill();
    world.clock.advance(2_000);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started', 'outcome-unknown']);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 1 });
  });

  it('rule 9: a ledger that can not be read is no silence', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    const first = await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    first.kill();
    let readable = true;
    const second = await world.signer('signer-2', { ledger: Object.assign(Object.create(world.ledger) as typeof world.ledger, { heartbeats: () => (readable ? world.ledger.heartbeats() : Promise.reject(new Error('unreadable'))) }) });
    readable = false;
    world.clock.advance(SILENT_AFTER_MS * 2);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started']);
  });

  it('rule 9: the next incarnation ends at once what the last one left: unknown, and never signed again', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    const first = await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    first.kill();
    world.restartLedger();
    const second = await world.signer('signer-1');
    expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
    expect(second.hsm.signed).toEqual([]);
  });

  it('rule 10: a use that failed before C_Sign is there again', async () => {
    const operationId = await world.operation(1);
    let broken = true;
    const hsm = new FakeHsm({ beforeSign: () => { if (broken) throw new HsmError('refused', 'REFUSED', 'no'); } });
    await world.signer('signer-1', { hsm });
    expect(await ended(await world.order(operationId))).toEqual(['started', 'failed']);
    expect(await world.settled(operationId)).toMatchObject({ status: 'approved', grants: [{ reserved: 0, spent: 0 }] });
    broken = false;
    expect(await ended(await world.order(operationId))).toEqual(['started', 'completed']);
    expect(await world.settled(operationId)).toMatchObject({ status: 'exhausted' });
  });

  it('rule 12: a checkpoint that is not in the store stops signing', async () => {
    const operationId = await world.operation(1);
    await world.ledger.saveCheckpoint('sign-orders', { storeId: await world.store.storeId(), position: '7', eventId: 'another event' });
    const { signer, hsm } = await world.signer('signer-1');
    const order = await world.order(operationId);
    expect(signer.down()).toMatch(/STORE_BEHIND/);
    await signer['orders'].sweep();
    expect([await world.events(order), hsm.signed]).toEqual([[], []]);
  });

  it('rule 12: a restart resumes below every order without an end', async () => {
    const operationId = await world.operation(10);
    const held = latch();
    const first = await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: (call) => (call === 1 ? (held.reach(), held.released) : undefined) }) });
    const stuck = await world.order(operationId);
    await held.reached;
    const later = await world.order(operationId);
    await ended(later);
    await first.signer['saveCheckpoint']();
    first.kill();
    world.restartLedger();
    await world.signer('signer-1');
    expect(await ended(stuck)).toEqual(['started', 'outcome-unknown']);
    expect(await world.events(later)).toEqual(['started', 'completed']);
  });

  it('rule 14: a clock that jumped stops signing until it is confirmed', async () => {
    const operationId = await world.operation(1, 100_000_000);
    const { signer, hsm } = await world.signer('signer-1');
    const wall = world.clock.wall;
    world.clock.wall = () => wall() + 3_600_000;
    const order = await world.order(operationId);
    await signer['orders'].sweep();
    expect(signer.down()).toMatch(/clock/);
    expect([await world.events(order), hsm.signed]).toEqual([[], []]);
    await world.store.append('clock-main', 'no-stream', [{ id: 'c1', type: 'clock.confirmed.v1', data: { confirmedAt: new Date(world.clock.wall()).toISOString() }, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: new Date(world.clock.wall()).toISOString() } }]);
    await eventually(() => Promise.resolve(signer.down()), (d) => d === undefined);
    await signer['orders'].sweep();
    expect(await ended(order)).toEqual(['started', 'completed']);
  });

  it('rule 15: a signature of another key is not handed out, and its use stays spent', async () => {
    const operationId = await world.operation(3);
    await world.signer('signer-1', { hsm: new FakeHsm({ wrongKey: (call) => call === 2 }) });
    const order = await world.order(operationId, 3);
    expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
    const { data } = await world.last(order);
    expect(data).toMatchObject({ spent: 3, returned: 0, signatures: [expect.any(String), null, expect.any(String)] });
  });

  it('rule 16: nothing is signed when the intent can not be written', async () => {
    const operationId = await world.operation(1);
    const full = Object.assign(Object.create(world.ledger) as typeof world.ledger, { intend: () => Promise.reject(new Error('disk full')) });
    const { hsm } = await world.signer('signer-1', { ledger: full });
    const order = await world.order(operationId);
    expect(await ended(order)).toEqual(['started', 'failed']);
    expect(hsm.signed).toEqual([]);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 0 });
  });

  it('fails an order whose HSM does not come back within 30 s', async () => {
    const operationId = await world.operation(1);
    const { signer } = await world.signer('signer-1', { hsm: new FakeHsm({ prepare: () => { throw new HsmError('retryable', 'TOKEN_MISSING', 'gone'); } }) });
    const order = await world.order(operationId);
    await eventually(() => Promise.resolve(signer.openOrders), (n) => n === 1);
    world.clock.advance(31_000);
    expect(await ended(order)).toEqual(['failed']);
    expect(await world.last(order)).toMatchObject({ data: { code: 'HSM_UNAVAILABLE' } });
  });

  it('takes another start for lost only when the store says whose it is', async () => {
    const operationId = await world.operation(1);
    let conflicts = 0;
    const lying = storeWith({
      append: async (stream, expected, events) => {
        const result = await world.store.append(stream, expected, events);
        // The append is in the store, and its resend is told of a conflict.
        if (events[0]?.type === 'signing.started.v1' && conflicts++ === 0) throw new ConflictError(stream, expected, 0);
        return result;
      },
    });
    const { hsm } = await world.signer('signer-1', { store: lying });
    expect(await ended(await world.order(operationId))).toEqual(['started', 'completed']);
    expect(hsm.signed).toHaveLength(1);
  });
});
