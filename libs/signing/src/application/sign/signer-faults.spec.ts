import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import type { EventStore } from '#eventing/event-store.port.js';
import { operationStream } from '#operations/contract.js';
import { signOrderStream } from '../../streams.js';
import { HsmError } from '../ports/hsm.port.js';
import type { Ledger } from '../ports/ledger.port.js';
import { SILENT_AFTER_MS } from './recover.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';

/** Orders whose attempt meets what nobody planned. */
describe('the signer among faults', () => {
  let world: SagaWorld;
  beforeEach(() => (world = new SagaWorld()));
  afterEach(() => world.stop());

  const ended = (signOrderId: string): Promise<readonly string[]> => eventually(() => world.events(signOrderId), (e) => e.some((t) => ['completed', 'failed', 'halted', 'outcome-unknown'].includes(t)));
  const storeWith = (change: Partial<EventStore>): EventStore => Object.assign(Object.create(world.store) as EventStore, change);
  const ledgerWith = (change: Partial<Ledger>): Ledger => Object.assign(Object.create(world.ledger) as Ledger, change);
  const metadata = () => ({ commandId: randomUUID(), actor: { issuer: 'https://idp.test', subject: 'somebody' }, at: world.trusted.now().closing });

  it('rule 7: an intent of an earlier attempt is neither released nor given back, as when the store was set back behind `started`', async () => {
    const operationId = await world.operation(1);
    const order = await world.order(operationId);
    const before = { name: 'signer-1', incarnation: 'the one that signed' };
    await world.ledger.claimName(before);
    await world.ledger.intend(before, { signOrderId: order, operationId, keyId: 'k', count: 1, relied: [] }, { atMost: 1 });
    world.restartLedger();
    const { hsm } = await world.signer('signer-1');
    expect(await ended(order)).toEqual(['started', 'outcome-unknown']);
    expect(await world.last(order)).toMatchObject({ data: { spent: 1, returned: 0, signatures: [null] } });
    expect(hsm.signed).toEqual([]);
    expect(await world.ledger.spent(operationId, 'k')).toBe(1);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 1 });
  });

  it('rule 6: what the HSM made wait is rechecked from the leader, however far the feed is behind', async () => {
    const operationId = await world.operation(1);
    const caughtUp = latch();
    let lagging = false;
    const late = storeWith({
      async *subscribe(options) {
        for await (const message of world.store.subscribe(options)) {
          if (lagging) await caughtUp.released;
          yield message;
        }
      },
    });
    const hsm = new FakeHsm({
      beforeSign: async (call) => {
        if (call > 1) return;
        lagging = true;
        await world.revoke(operationId);
        throw new HsmError('retryable', 'UNAVAILABLE', 'not now');
      },
    });
    await world.signer('signer-1', { hsm, store: late });
    const order = await world.order(operationId);
    expect(await ended(order)).toEqual(['started', 'halted']);
    expect(hsm.signed).toEqual([]);
    caughtUp.release();
  });

  it('rule 6: a C_SignInit that takes more than a second is no C_Sign upon what was checked before it', async () => {
    const operationId = await world.operation(1);
    const hsm = new FakeHsm({
      init: async (call) => {
        if (call > 1) return;
        await world.revoke(operationId);
        world.clock.advance(1_500);
      },
    });
    await world.signer('signer-1', { hsm });
    const order = await world.order(operationId);
    expect(await ended(order)).toEqual(['started', 'halted']);
    expect(hsm.signed).toEqual([]);
    expect(await world.ledger.spent(operationId, 'k')).toBe(0);
  });

  it('rule 8: a late outcome is told also after administrators have recorded what they found', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    await world.signer('signer-1', { hsm: new FakeHsm({ afterSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    const second = await world.signer('signer-2');
    world.clock.advance(SILENT_AFTER_MS + 1);
    await second.signer['orders'].sweep();
    for (const [revision, subject] of ['admin-1', 'admin-2'].entries()) {
      const data = { operationId, by: { issuer: 'https://idp.test', subject }, finding: 'not-signed', resolved: revision === 1, personal: { name: null, comment: 'looked' } };
      await world.store.append(signOrderStream(order), 1 + revision, [{ id: randomUUID(), type: 'signing.outcome-resolved.v1', data, metadata: metadata() }]);
    }
    held.release();
    expect(await eventually(() => world.events(order), (e) => e.length === 5)).toEqual(['started', 'outcome-unknown', 'outcome-resolved', 'outcome-resolved', 'late-outcome']);
    expect(await world.last(order)).toMatchObject({ data: { signatures: [expect.any(String)] } });
  });

  it('rule 1: an attempt that breaks after C_Sign leaves no order without an end', async () => {
    const operationId = await world.operation(1);
    const { signer, hsm } = await world.signer('signer-1', { ledger: ledgerWith({ signatures: () => { throw new TypeError('a defect'); } }) });
    const order = await world.order(operationId);
    await eventually(() => Promise.resolve(hsm.signed.length + signer['orders']['running'].size), (n) => n === 1 && hsm.signed.length === 1);
    await signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started', 'outcome-unknown']);
    expect((await world.settled(operationId)).grants[0]).toMatchObject({ reserved: 0, spent: 1 });
  });

  it('rule 6: signs no more digests than its reservation counts', async () => {
    const operationId = await world.operation(3);
    const { hsm } = await world.signer('signer-1');
    const data = { operationId, signOrderId: randomUUID(), requestedAt: world.trusted.now().closing, keyId: 'k', algorithm: 'ES256', count: 1, format: 'raw', bodyDigest: 'b', input: { digests: ['MQ==', 'Mg==', 'Mw=='] } };
    const { state, revision } = await world.operations.states.refresh(operationStream(operationId));
    await world.store.append(operationStream(operationId), revision, [{ id: randomUUID(), type: 'operations.uses-reserved.v1', data: { ...data, publicKeySha256: state.grants[0]?.publicKeySha256 }, metadata: metadata() }]);
    expect(await ended(data.signOrderId)).toEqual(['halted']);
    expect(hsm.signed).toEqual([]);
  });

  it('rule 12: an event that it does not know stops signing, is not passed over, and no order is started meanwhile', async () => {
    const operationId = await world.operation(3);
    const another = await world.operation(1);
    const held = latch();
    const hsm = new FakeHsm({ beforeSign: (call) => (call === 1 ? (held.reach(), held.released) : undefined) });
    const { signer } = await world.signer('signer-1', { hsm, concurrency: 1 });
    await world.order(operationId);
    await held.reached;
    const queued = await world.order(operationId);
    await eventually(() => Promise.resolve(signer.openOrders), (n) => n === 2);
    const { revision } = await world.operations.states.refresh(operationStream(another));
    await world.store.append(operationStream(another), revision, [{ id: randomUUID(), type: 'operations.uses-reserved.v2', data: {}, metadata: metadata() }]);
    await eventually(() => Promise.resolve(signer.down()), (d) => /understood/.test(d ?? ''));
    held.release();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(signer.down()).toMatch(/understood/);
    expect([await world.events(queued), hsm.signed.length]).toEqual([[], 1]);
  });

  it('rule 9: starts nothing, and says so, while its ledger takes no sign of life', async () => {
    const operationId = await world.operation(1);
    let dead = false;
    const ledger = ledgerWith({ heartbeat: (self) => (dead ? Promise.reject(new Error('gone')) : world.ledger.heartbeat(self)) });
    const { signer, hsm } = await world.signer('signer-1', { ledger });
    dead = true;
    await signer['beat']().catch(() => undefined);
    expect(signer.down()).toMatch(/ledger/);
    const order = await world.order(operationId);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([await world.events(order), hsm.signed]).toEqual([[], []]);
    dead = false;
    await signer['beat']();
    expect(signer.down()).toBeUndefined();
    expect(await ended(order)).toEqual(['started', 'completed']);
  });

  it('rule 9: silence counts only while the observer itself could read the ledger', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    await world.signer('signer-1', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    let away = false;
    const second = await world.signer('signer-2', { ledger: ledgerWith({ heartbeat: (self) => (away ? Promise.reject(new Error('away')) : world.ledger.heartbeat(self)) }) });
    // Nobody reaches the ledger for a while, so nobody is heard in it.
    away = true;
    await second.signer['beat']().catch(() => undefined);
    world.clock.advance(SILENT_AFTER_MS + 10_000);
    await second.signer['orders'].sweep();
    away = false;
    await second.signer['beat']();
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started']);
    world.clock.advance(SILENT_AFTER_MS + 1);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started', 'outcome-unknown']);
    held.release();
  });

  it('rule 9: gives signs of life until what it started has its end', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'setTimeout', 'clearTimeout', 'queueMicrotask', 'performance', 'Date', 'hrtime'] });
    try {
      const operationId = await world.operation(1);
      const held = latch();
      let beats = 0;
      const ledger = ledgerWith({ heartbeat: (self) => (beats++, world.ledger.heartbeat(self)) });
      const { signer } = await world.signer('signer-1', { ledger, hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
      const order = await world.order(operationId);
      await held.reached;
      const stopped = signer.stop();
      const before = beats;
      jest.advanceTimersByTime(5_000);
      expect(beats).toBe(before + 1);
      held.release();
      await stopped;
      expect(await world.events(order)).toEqual(['started', 'completed']);
    } finally {
      jest.useRealTimers();
    }
  });
});
