import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { OutcomeUnknownError } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { HsmError } from '../ports/hsm.port.js';
import { SILENT_AFTER_MS } from './recover.js';
import { FakeHsm } from './testing/fake-hsm.js';
import { eventually, latch, SagaWorld } from './testing/saga-world.js';
import type { SignerHandle } from './testing/saga-world.js';

const ENDS = ['completed', 'failed', 'halted', 'outcome-unknown'];

describe('several signers with one ledger', () => {
  let world: SagaWorld;
  beforeEach(() => (world = new SagaWorld()));
  afterEach(() => world.stop());
  const ended = (signOrderId: string): Promise<readonly string[]> => eventually(() => world.events(signOrderId), (e) => e.some((t) => ENDS.includes(t)));
  /** Each hears of the others, as it does with every heartbeat. */
  const acquainted = async (...handles: readonly SignerHandle[]): Promise<void> => {
    for (const { signer } of handles) await signer['beat']();
  };
  const several = async (count: number): Promise<readonly string[]> => {
    const operations: string[] = [];
    for (let i = 0; i < count; i++) operations.push(await world.operation(10));
    return operations;
  };
  const missing = (): never => {
    throw new HsmError('refused', 'KEY_MISSING', 'not in this token');
  };

  it('rule 18: each operation has a signer whose turn it is, and its orders start in their order', async () => {
    // So many that their random ids fall to both.
    const operations = await several(24);
    const signers = [await world.signer('signer-1', { yieldMs: 5_000 }), await world.signer('signer-2', { yieldMs: 5_000 })];
    await acquainted(...signers);
    // Both have the token: each has seen the other one sign.
    for (const { signer } of signers) for (const { self } of signers) signer['options'].turns.seen(self.name, 'serial-1');
    const orders = new Map<string, string[]>();
    for (let i = 0; i < 3; i++) for (const operationId of operations) orders.set(operationId, [...(orders.get(operationId) ?? []), await world.order(operationId)]);
    for (const placed of orders.values()) for (const signOrderId of placed) expect(await ended(signOrderId)).toEqual(['started', 'completed']);
    const started = (await world.store.readAll({ limit: 1_000, prefixes: ['signOrder-'] })).filter(({ type }) => type === 'signing.started.v1').map(({ data }) => data as { operationId: string; signOrderId: string; signer: string });
    for (const [operationId, placed] of orders) {
      const own = started.filter((s) => s.operationId === operationId);
      expect(own.map((s) => s.signOrderId)).toEqual(placed);
      expect(new Set(own.map((s) => s.signer)).size).toBe(1);
    }
    expect(new Set(started.map((s) => s.signer)).size).toBe(2);
  });

  it('rule 18: what the signer whose turn it is does not start, another takes, and no order waits for a dead one', async () => {
    const operations = await several(6);
    const [first, second] = [await world.signer('signer-1', { yieldMs: 60 }), await world.signer('signer-2', { yieldMs: 60 })];
    await acquainted(first, second);
    first.kill();
    const orders = await Promise.all(operations.map((operationId) => world.order(operationId)));
    for (const order of orders) expect(await ended(order)).toEqual(['started', 'completed']);
    expect(second.hsm.signed).toHaveLength(6);
  });

  it('rule 18: a signer whose token lacks the key leaves the order alone, and does not look for the key over and over', async () => {
    const operationId = await world.operation(5);
    let looked = 0;
    const other = await world.signer('signer-2', { hsm: new FakeHsm({ prepare: () => (looked++, missing()) }, 'serial-2') });
    const orders = [await world.order(operationId), await world.order(operationId), await world.order(operationId)];
    await eventually(() => Promise.resolve(looked), (n) => n > 0);
    await sleep(50);
    const before = looked;
    for (let i = 0; i < 5; i++) await other.signer['orders'].sweep();
    await sleep(50);
    expect(looked).toBe(before);
    // Neither does it say that the HSM was gone, however long it takes.
    world.clock.advance(50_000);
    await other.signer['orders'].sweep();
    for (const order of orders) expect(await world.events(order)).toEqual([]);
    await world.signer('signer-1');
    for (const order of orders) expect(await ended(order)).toEqual(['started', 'completed']);
    expect(other.hsm.signed).toEqual([]);
  });

  it('rule 18: a signer whose token lacks the key ends an order whose time is over', async () => {
    const operationId = await world.operation(1, 10_000);
    let looked = 0;
    const other = await world.signer('signer-2', { hsm: new FakeHsm({ prepare: () => (looked++, missing()) }, 'serial-2') });
    const order = await world.order(operationId);
    await eventually(() => Promise.resolve(looked), (n) => n === 1);
    world.clock.advance(10_000);
    await other.signer['orders'].sweep();
    expect(await ended(order)).toEqual(['halted']);
  });

  it('rule 18: only a signer of the token that registered the key says that the HSM did not come back', async () => {
    const operationId = await world.operation(1);
    const gone = (): never => {
      throw new HsmError('retryable', 'TOKEN_MISSING', 'gone');
    };
    const other = await world.signer('signer-2', { hsm: new FakeHsm({ prepare: gone }, 'serial-2') });
    const order = await world.order(operationId);
    await eventually(() => Promise.resolve(other.signer.openOrders), (n) => n === 1);
    world.clock.advance(31_000);
    await sleep(400);
    expect(await world.events(order)).toEqual([]);
    await world.signer('signer-1', { hsm: new FakeHsm({ prepare: gone }) });
    world.clock.advance(31_000);
    expect(await ended(order)).toEqual(['failed']);
  });

  it('rule 9: a signer that this ledger never heard of is not taken for dead', async () => {
    const operationId = await world.operation(1);
    const held = latch();
    const first = await world.signer('stranger', { hsm: new FakeHsm({ beforeSign: () => (held.reach(), held.released) }) });
    const order = await world.order(operationId);
    await held.reached;
    world.memory.heard.delete(first.self.name);
    const second = await world.signer('signer-2');
    world.clock.advance(SILENT_AFTER_MS * 2);
    await second.signer['orders'].sweep();
    expect(await world.events(order)).toEqual(['started']);
    held.release();
    expect(await ended(order)).toEqual(['started', 'completed']);
  });

  it('rules 1, 9, 16: any interleaving of pauses, lost answers, deaths and returns: one C_Sign a digest, never more than granted, every order ends', async () => {
    const plan = fc.record({
      pauses: fc.array(fc.nat({ max: 4 }), { minLength: 7, maxLength: 40 }),
      /** Of appends, as numbered over all signers: the answer is lost. */
      lost: fc.uniqueArray(fc.nat({ max: 30 }), { maxLength: 6 }),
      /** For each signer the call at which it dies, and whether its next incarnation follows at once. */
      deaths: fc.array(fc.record({ at: fc.integer({ min: 5, max: 150 }), returns: fc.boolean() }), { minLength: 2, maxLength: 3 }),
      /** C_Sign calls that end in the unknown. */
      unknown: fc.uniqueArray(fc.nat({ max: 12 }), { maxLength: 2 }),
      /** Orders after which everybody takes everybody else for dead. */
      alarms: fc.uniqueArray(fc.nat({ max: 8 }), { maxLength: 3 }),
      orders: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 3, maxLength: 9 }),
      granted: fc.integer({ min: 4, max: 14 }),
    });
    await fc.assert(fc.asyncProperty(plan, async (p) => new Interleaving(p).check()), { numRuns: 20, endOnFailure: true, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false });
  }, 120_000);
});

interface Plan {
  readonly pauses: readonly number[];
  readonly lost: readonly number[];
  readonly deaths: readonly { readonly at: number; readonly returns: boolean }[];
  readonly unknown: readonly number[];
  readonly alarms: readonly number[];
  readonly orders: readonly number[];
  readonly granted: number;
}

/** A world in which every call of a signer takes its time, answers get lost and signers die, as a plan says. */
class Interleaving {
  private readonly world = new SagaWorld();
  private readonly hsms: FakeHsm[] = [];
  private readonly handles: SignerHandle[] = [];
  private calls = 0;
  private appends = 0;

  constructor(private readonly plan: Plan) {}

  async check(): Promise<void> {
    const { world, plan } = this;
    try {
      const operationId = await world.operation(plan.granted);
      const placing = this.place(operationId);
      await Promise.all(plan.deaths.map((death, i) => this.live(`signer-${i + 1}`, death)));
      const orders = await placing;
      // Whoever is left, or comes later, brings all to an end.
      const last = await world.signer('signer-last', { hsm: this.hsm() });
      for (let rounds = 0; (await this.open(orders)).length > 0; rounds += 1) {
        if (rounds > 30) throw new Error(`without an end: ${JSON.stringify(await Promise.all((await this.open(orders)).map((id) => world.events(id))))}`);
        await sleep(30);
        world.clock.advance(SILENT_AFTER_MS + 1);
        await last.signer['orders'].sweep();
      }
      await this.hold(operationId, orders);
    } finally {
      world.stop();
    }
  }

  private async hold(operationId: string, orders: readonly string[]): Promise<void> {
    const { world, plan } = this;
    const signed = this.hsms.flatMap((hsm) => hsm.signed);
    expect(new Set(signed).size).toBe(signed.length);
    expect(signed.length).toBeLessThanOrEqual(plan.granted);
    expect(await world.ledger.spent(operationId, 'k')).toBeLessThanOrEqual(plan.granted);
    const { grants } = await world.settled(operationId);
    expect(grants[0]).toMatchObject({ reserved: 0 });
    expect(grants[0]?.spent).toBeLessThanOrEqual(plan.granted);
    expect(grants[0]?.spent).toBeGreaterThanOrEqual(signed.length);
    for (const order of orders) expect((await world.events(order)).filter((type) => ENDS.includes(type))).toHaveLength(1);
  }

  private async place(operationId: string): Promise<readonly string[]> {
    const placed: string[] = [];
    for (const [i, count] of this.plan.orders.entries()) {
      await this.dawdle();
      // Beyond what is granted it is refused.
      await this.world.order(operationId, count).then((id) => placed.push(id), () => undefined);
      if (!this.plan.alarms.includes(i)) continue;
      await sleep(5);
      this.world.clock.advance(SILENT_AFTER_MS + 1);
      for (const { signer } of this.handles) void signer['orders'].sweep();
    }
    return placed;
  }

  private async live(name: string, { at, returns }: Plan['deaths'][number]): Promise<void> {
    const mine = { calls: 0, handle: undefined as SignerHandle | undefined };
    const step = (): void => {
      if (mine.handle === undefined) return;
      mine.calls += 1;
      if (mine.calls === at) mine.handle.kill();
    };
    mine.handle = await this.world.signer(name, { hsm: this.hsm(), store: this.unruly(this.world.store, step), ledger: this.unruly(this.world.ledger, step), yieldMs: 3 });
    this.handles.push(mine.handle);
    void mine.handle.signer['beat']().catch(() => undefined);
    await sleep(at);
    if (!returns) return;
    mine.handle.kill();
    // As a shared ledger does when a name was silent.
    await this.world.ledger.releaseName(mine.handle.self);
    await this.world.signer(name, { hsm: this.hsm(), yieldMs: 3 });
  }

  private hsm(): FakeHsm {
    const hsm = new FakeHsm({
      init: () => this.dawdle(),
      afterSign: () => {
        if (this.plan.unknown.includes(this.hsms.reduce((n, one) => n + one.signed.length, 0))) throw new HsmError('unknown', 'UNAVAILABLE', 'who knows');
      },
    });
    this.hsms.push(hsm);
    return hsm;
  }

  /** Takes its time before and after each call, and loses answers of appends. */
  private unruly<T extends object>(inner: T, step: () => void): T {
    return new Proxy(inner, {
      get: (target, property) => {
        const member: unknown = Reflect.get(target, property);
        if (typeof member !== 'function' || property === 'subscribe') return member;
        return async (...args: unknown[]): Promise<unknown> => {
          step();
          await this.dawdle();
          const result: unknown = await Reflect.apply(member, target, args);
          const append = property === ('append' satisfies keyof EventStore) ? this.appends++ : undefined;
          await this.dawdle();
          step();
          if (append !== undefined && this.plan.lost.includes(append)) throw new OutcomeUnknownError('the answer is lost');
          return result;
        };
      },
    });
  }

  private async dawdle(): Promise<void> {
    const ms = this.plan.pauses[this.calls++ % this.plan.pauses.length] ?? 0;
    if (ms > 0) await sleep(ms);
  }

  private async open(orders: readonly string[]): Promise<readonly string[]> {
    const ends = await Promise.all(orders.map(async (id) => (await this.world.events(id)).some((type) => ENDS.includes(type))));
    return orders.filter((_, i) => ends[i] === false);
  }
}
