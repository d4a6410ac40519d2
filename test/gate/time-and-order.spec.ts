import { randomUUID } from 'node:crypto';
import { copyOf } from '#eventing/testing/exchangeable-store.js';
import { statementDigest } from '#identity/contract.js';
import { operationStream } from '#operations/contract.js';
import { eventually } from '#signing/application/sign/testing/saga-world.js';
import { GateWorld } from './gate-world.js';
import type { GateWorldOptions, Request, Reserved } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
const TREE = { type: 'approvers', count: 2, group: 'fw' } as const;
const SEQUENCE = { tree: { type: 'sequence', of: [{ type: 'approvers', count: 1, group: 'fw' }, { type: 'approvers', count: 1, group: 'second' }] }, requiredProof: 'signature' } as const;
const good = (w: GateWorld, r: Request): readonly Stored[] => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r)]);
const after = (...approvals: readonly { readonly data: { readonly proof?: { readonly statement: string } } }[]): { readonly after: readonly string[] } => ({ after: approvals.map(({ data }) => statementDigest(data.proof?.statement ?? '')) });

describe('time and order of approvals, by the gate', () => {
  let world: GateWorld;
  const begin = async (options: GateWorldOptions = {}): Promise<GateWorld> => {
    world = new GateWorld(options);
    await world.begin(world.planeEvents, options.purpose);
    return world;
  };
  afterEach(() => world.stop());
  const states = (order: Stored): Promise<readonly string[]> => world.saga.events((order.data as Reserved).signOrderId);
  const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 350));

  describe('a timelock', () => {
    const policy = { tree: TREE, requiredProof: 'signature', minimumDelayMs: 8_000 };

    it('rule 25: an order that comes early waits as reserved, and is signed when the time has come', async () => {
      await begin({ policy });
      const request = world.request();
      const events = good(world, request);
      await world.write(operationStream(request.operationId), events);
      const order = events.at(-1) as Stored;
      await eventually(() => world.saga.ledger.note('first-sight', `${request.operationId} ${request.requestDigest}`), (told) => told !== undefined);
      expect(await states(order)).toEqual([]);
      world.saga.clock.advance(7_000);
      await aWhile();
      expect(await states(order)).toEqual([]);
      world.saga.clock.advance(1_000);
      expect((await world.ended((order.data as Reserved).signOrderId)).type).toBe('signing.completed.v1');
      expect(world.hsm.signed).toHaveLength(1);
    });

    it('rule 25: it runs from the first sight of a signer, whatever time the request bears', async () => {
      await begin({ policy });
      const asked = world.request();
      const early = '2026-11-20T11:30:00.000Z';
      const request = world.stated({ ...asked, requestedAt: early, notBefore: early });
      const events = good(world, request);
      await world.write(operationStream(request.operationId), events);
      expect(await eventually(() => world.saga.ledger.note('first-sight', `${request.operationId} ${request.requestDigest}`), (told) => told !== undefined)).toBe('2026-11-20T12:00:00.000Z');
      expect(await states(events.at(-1) as Stored)).toEqual([]);
    });

    it('rule 25: another text in the place of the request starts no timelock', async () => {
      await begin({ policy });
      const request = world.request();
      const stream = operationStream(request.operationId);
      // Of the same operation, and with its digest.
      await world.write(stream, [{ type: 'operations.requested.v1', data: { ...request, description: 'another release' } }]);
      await aWhile();
      const other = world.stated({ ...request, description: 'another release' });
      await world.handle?.signer.stop();
      const store = await copyOf(world.saga.store, (e) => e.stream !== stream);
      world.saga.restartLedger();
      const begun = await world.saga.signer('signer-1', { hsm: world.hsm, store });
      const metadata = { commandId: 'c', actor: world.oli.actor, at: request.requestedAt };
      await store.append(stream, 'no-stream', [{ id: randomUUID(), type: 'operations.requested.v1', data: other, metadata }]);
      await eventually(() => world.saga.ledger.note('first-sight', `${other.operationId} ${other.requestDigest}`), (told) => told !== undefined);
      expect(await world.saga.ledger.note('first-sight', `${request.operationId} ${request.requestDigest}`)).toBeUndefined();
      begun.kill();
    });

    it('rule 14: a clock that jumped tells nobody when a request was first seen', async () => {
      await begin({ policy });
      const request = world.request();
      const events = good(world, request);
      world.saga.clock.wall = () => Date.parse('2026-11-20T11:00:00.000Z');
      await world.write(operationStream(request.operationId), events);
      await aWhile();
      expect(await world.saga.ledger.note('first-sight', `${request.operationId} ${request.requestDigest}`)).toBeUndefined();
      expect(world.hsm.signed).toEqual([]);
    });

    it('rule 25: the next signer counts on from what the first one saw', async () => {
      await begin({ policy });
      const request = world.request();
      const events = good(world, request);
      await world.write(operationStream(request.operationId), events.slice(0, -1));
      await eventually(() => world.saga.ledger.note('first-sight', `${request.operationId} ${request.requestDigest}`), (told) => told !== undefined);
      world.handle?.kill();
      world.saga.restartLedger();
      world.saga.clock.advance(8_000);
      await world.start();
      expect((await world.signs(request.operationId, events.slice(-1))).type).toBe('signing.completed.v1');
    });

    it('rule 25: one whose operation is over while it waits is halted, and its uses are back', async () => {
      await begin({ policy: { ...policy, minimumDelayMs: 3_000_000 } });
      const request = world.stated({ ...world.request(), expiresAt: '2026-11-20T12:00:05.000Z' });
      const events = good(world, request);
      await world.write(operationStream(request.operationId), events);
      await aWhile();
      world.saga.clock.advance(6_000);
      await world.handle?.signer.stop();
      world.saga.restartLedger();
      await world.start();
      expect(await world.ended((events.at(-1)?.data as Reserved).signOrderId)).toMatchObject({ type: 'signing.halted.v1', data: { code: 'WINDOW_CLOSED', blockers: [{ owner: 'orderer' }] } });
    });
  });

  it('is open in the hours that the policy allows, and closed in others', async () => {
    const hours = { timeZone: 'UTC', days: ['fri'], from: '08:00', to: '12:30' };
    await begin({ policy: { tree: TREE, requiredProof: 'signature', allowedHours: hours } });
    const request = world.request();
    expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
    world.saga.clock.advance(30 * 60_000);
    expect(await world.blocked(request.operationId, [world.order(request)])).toEqual(['WINDOW_CLOSED']);
  });

  it('rule 24: an approval that is too old counts no more, and one that is given anew does', async () => {
    await begin({ policy: { tree: TREE, requiredProof: 'signature', approvalValidityMs: 600_000 } });
    const request = world.request();
    expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
    world.saga.clock.advance(601_000);
    expect((await world.blocked(request.operationId, [world.order(request)]))[0]).toBe('QUORUM_NOT_MET');
    const anew = [world.approval(world.eve, request), world.approval(world.fay, request)];
    expect((await world.signs(request.operationId, [...anew, { type: 'operations.approved.v1', data: {} }, world.order(request)])).type).toBe('signing.completed.v1');
  });

  describe('a sequence', () => {
    it('rule 25: is met by decisions that name the earlier ones', async () => {
      await begin({ policy: SEQUENCE });
      const request = world.request();
      const first = world.approval(world.eve, request, { after: [] });
      const second = world.approval(world.gil, request, after(first));
      expect((await world.signs(request.operationId, world.stored(request, [first, second]))).type).toBe('signing.completed.v1');
    });

    it.each<[string, (w: GateWorld, r: Request) => readonly Stored[]]>([
      ['the later step before the earlier one', (w, r) => { const second = w.approval(w.gil, r, { after: [] }, ['second']); return [second, w.approval(w.eve, r, after(second))]; }],
      ['the events in the other order', (w, r) => { const first = w.approval(w.eve, r, { after: [] }); return [w.approval(w.gil, r, after(first), ['second']), first]; }],
      ['naming nothing', (w, r) => [w.approval(w.eve, r, { after: [] }), w.approval(w.gil, r, { after: [] }, ['second'])]],
      ['naming what is not there', (w, r) => [w.approval(w.eve, r, { after: [] }), w.approval(w.gil, r, { after: [statementDigest('x')] }, ['second'])]],
    ])('rule 25: is not met otherwise: %s', async (_what, approvals) => {
      await begin({ policy: SEQUENCE });
      const request = world.request();
      expect((await world.blocked(request.operationId, world.stored(request, approvals(world, request))))[0]).toBe('QUORUM_NOT_MET');
      expect(world.hsm.signed).toEqual([]);
    });
  });

  describe('orders', () => {
    const unsigned = (w: GateWorld, r: Request, digests: readonly string[]): Stored => {
      const { proof: _, ...data } = w.order(r, { input: { digests } }).data;
      return { type: 'operations.uses-reserved.v1', data };
    };

    it('rule 20: of an operation that is bound to its digests need no proof, and sign those alone', async () => {
      await begin();
      const [bound, other] = [statementDigest('bound'), statementDigest('other')];
      const request = world.stated({ ...world.request(), binding: { digests: [bound] } });
      const approvals = [world.approval(world.eve, request), world.approval(world.fay, request)];
      expect((await world.signs(request.operationId, world.stored(request, approvals, unsigned(world, request, [bound])))).type).toBe('signing.completed.v1');
      expect(await world.blocked(request.operationId, [unsigned(world, request, [other])])).toEqual(['BINDING_MISMATCH']);
    });

    it('rule 20: need none where the policy says so', async () => {
      await begin({ policy: { tree: TREE, requiredProof: 'signature', allowUnprovenOrders: true } });
      const request = world.request();
      const approvals = [world.approval(world.eve, request), world.approval(world.fay, request)];
      expect((await world.signs(request.operationId, world.stored(request, approvals, unsigned(world, request, [statementDigest('x')])))).type).toBe('signing.completed.v1');
    });
  });

  describe('a policy that looks at its decisions alone', () => {
    const policy = { tree: TREE, requiredProof: 'signature', evaluateEligibility: 'atDecision' };
    const threeNow = (w: GateWorld): void => {
      w.chain.now = w.saga.trusted.now().closing;
      w.chain.byOperation(w.chain.admin(0), 'POST', '/v1/policies', { name: 'pinned', policy: { ...policy, tree: { ...TREE, count: 3 } } }, w.chain.admins.slice(1, 3));
    };

    it('rule 23: is met by who was in the group when he signed, and not by who only says so', async () => {
      await begin({ policy });
      const request = world.request();
      const events = good(world, request);
      expect((await world.signs(request.operationId, events)).type).toBe('signing.completed.v1');
      world.saga.clock.advance(120_000);
      world.chain.now = world.saga.trusted.now().closing;
      world.chain.byOperation(world.chain.admin(0), 'PUT', '/v1/roster/fw', { members: [world.eve.actor, world.gil.actor] }, world.chain.admins.slice(1, 3));
      await world.writePlane();
      expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
      const other = world.request();
      expect(await world.blocked(other.operationId, good(world, other))).toEqual(['QUORUM_NOT_MET', 'NOT_ELIGIBLE']);
    });

    it('rule 22: goes on as it was pinned, unless no signer saw it before the change', async () => {
      await begin({ policy });
      const [seen, unseen] = [world.request(), world.request()];
      await world.write(operationStream(seen.operationId), good(world, seen).slice(0, -1));
      await eventually(() => world.saga.ledger.note('first-sight', `${seen.operationId} ${seen.requestDigest}`), (told) => told !== undefined);
      const backdated = good(world, unseen);
      world.saga.clock.advance(300_000);
      threeNow(world);
      await world.writePlane();
      world.saga.clock.advance(300_000);
      expect((await world.signs(seen.operationId, [world.order(seen)])).type).toBe('signing.completed.v1');
      expect((await world.blocked(unseen.operationId, backdated))[0]).toBe('QUORUM_NOT_MET');
    });
  });

  describe('a root key', () => {
    const session = (w: GateWorld, uses: number): string => w.chain.byOperation(w.chain.admin(0), 'POST', '/v1/administration-sessions', { purpose: 'p', validMs: 3_600_000, grants: [{ action: 'sign', resource: 'k', maxUsageCount: uses }] }, w.chain.admins.slice(1, 3));

    it('signs in a session that names it, as often as the session says, over all operations', async () => {
      await begin({ purpose: 'root' });
      const [first, second] = [world.request(), world.request()];
      expect(await world.blocked(first.operationId, good(world, first))).toEqual(['WINDOW_CLOSED']);
      world.chain.now = world.saga.trusted.now().closing;
      const sessionId = session(world, 2);
      await world.writePlane();
      expect((await world.signs(first.operationId, [world.order(first)])).type).toBe('signing.completed.v1');
      expect((await world.signs(second.operationId, good(world, second))).type).toBe('signing.completed.v1');
      expect(await world.blocked(first.operationId, [world.order(first)])).toEqual(['USAGE_EXHAUSTED']);
      expect(await world.saga.ledger.spent(`session ${sessionId}`, 'k')).toBe(2);
      expect(await world.saga.ledger.spent(first.operationId, 'k')).toBe(1);
      expect(world.hsm.signed).toHaveLength(2);
    });
  });

  it('rule 24: what is cached is that a proof verifies: many orders verify each proof once', async () => {
    await begin();
    const decision = world.saga.verifier.decision.bind(world.saga.verifier);
    let verified = 0;
    Object.assign(world.saga.verifier, { decision: (...args: Parameters<typeof decision>) => ((verified += 1), decision(...args)) });
    const request = world.request({}, 20);
    await world.signs(request.operationId, good(world, request));
    for (let i = 0; i < 10; i += 1) expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
    expect(verified).toBe(2);
  });
});
