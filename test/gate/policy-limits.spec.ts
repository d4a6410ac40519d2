import { statementDigest } from '#identity/contract.js';
import { operationStream } from '#operations/contract.js';
import type { PolicyDocument } from '#policies/contract.js';
import { GateWorld } from './gate-world.js';
import type { GateWorldOptions, Request } from './gate-world.js';

type Stored = { readonly type: string; readonly data: unknown };
const TREE = { type: 'approvers', count: 2, group: 'fw' } as const;
const SIGNED = { tree: TREE, requiredProof: 'signature' } as const;
const DIGEST = statementDigest('bound');
const good = (w: GateWorld, r: Request): readonly Stored[] => w.stored(r, [w.approval(w.eve, r), w.approval(w.fay, r)], w.order(r, { input: { digests: [DIGEST] } }));

describe('what a policy allows, by a signer who trusts nobody else', () => {
  let world: GateWorld;
  const begin = async (policy: unknown, more: Partial<GateWorldOptions> = {}): Promise<GateWorld> => {
    world = new GateWorld({ policy, ...more });
    await world.begin();
    return world;
  };
  afterEach(() => world.stop());

  describe('rule 21: a request that the api would not have taken, whoever approved it', () => {
    it.each<[string, object, (r: Request) => Partial<Request>, string]>([
      ['as many uses as are allowed', { maxUsageCount: 5 }, () => ({}), 'signing.completed.v1'],
      ['one more', { maxUsageCount: 4 }, () => ({}), 'POLICY_TAMPERED'],
      ['a window as long as is allowed', { maxValidMs: 3_600_000 }, () => ({}), 'signing.completed.v1'],
      ['a longer one', { maxValidMs: 3_599_999 }, () => ({}), 'POLICY_TAMPERED'],
      ['one that is counted from its beginning', { maxValidMs: 3_600_000 }, (r) => ({ requestedAt: new Date(Date.parse(r.requestedAt) - 30_000).toISOString() }), 'signing.completed.v1'],
      ['bound to its digests', { requireBinding: true }, () => ({ binding: { digests: [DIGEST] } }), 'signing.completed.v1'],
      ['not bound', { requireBinding: true }, () => ({}), 'POLICY_TAMPERED'],
    ])('%s', async (_what, options, over, expected) => {
      await begin({ ...SIGNED, ...options });
      const asked = world.request();
      const request = world.stated({ ...asked, ...over(asked) });
      expect(await world.blocked(request.operationId, good(world, request))).toEqual([expected]);
    });

    it('nor is a limit of its level passed over', async () => {
      await begin({ ...SIGNED, assuranceLevel: 'L1' }, { genesis: { levels: [{ level: 'L1', policy: { tree: { type: 'approvers', count: 1 }, maxUsageCount: 4 } }] } });
      const request = world.request();
      expect(await world.blocked(request.operationId, good(world, request))).toEqual(['POLICY_TAMPERED']);
    });
  });

  describe('rule 24: what was tightened since the request', () => {
    /** Beyond what clocks may differ by. */
    const tightened = async (policy: object): Promise<void> => {
      world.saga.clock.advance(120_000);
      world.chain.now = world.saga.trusted.now().closing;
      world.chain.byOperation(world.chain.admin(0), 'POST', '/v1/policies', { name: 'pinned', policy }, world.chain.admins.slice(1, 3));
      await world.writePlane();
    };

    it('its hours are those of use', async () => {
      await begin(SIGNED);
      const request = world.request();
      expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
      await tightened({ ...SIGNED, allowedHours: { timeZone: 'UTC', days: ['fri'], from: '08:00', to: '12:30' } });
      expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
      world.saga.clock.advance(1_800_000);
      expect(await world.blocked(request.operationId, [world.order(request)])).toEqual(['WINDOW_CLOSED']);
    });

    it('its delay is waited for, from when a signer saw the request first', async () => {
      await begin(SIGNED);
      const request = world.request();
      expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
      await tightened({ ...SIGNED, minimumDelayMs: 125_000 });
      const order = world.order(request);
      await world.write(operationStream(request.operationId), [order]);
      await new Promise((resolve) => setTimeout(resolve, 350));
      expect(await world.saga.events(order.data.signOrderId)).toEqual([]);
      world.saga.clock.advance(5_000);
      expect((await world.ended(order.data.signOrderId)).type).toBe('signing.completed.v1');
    });

    it('neither is asked of policies that look at their decisions alone', async () => {
      const policy = { ...SIGNED, evaluateEligibility: 'atDecision' };
      await begin(policy);
      const request = world.request();
      expect((await world.signs(request.operationId, good(world, request))).type).toBe('signing.completed.v1');
      await tightened({ ...policy, minimumDelayMs: 3_000_000, allowedHours: { timeZone: 'UTC', days: ['sat'], from: '08:00', to: '12:30' } });
      expect((await world.signs(request.operationId, [world.order(request)])).type).toBe('signing.completed.v1');
    });
  });

  describe('an emergency', () => {
    const policy = { ...SIGNED, emergency: { tree: { type: 'approvers', count: 1, group: 'second' }, reviewWithinMs: 600_000, reviewers: { type: 'approvers', count: 1, group: 'fw' } } } as const;
    /** As the api stores it: the path is pinned in place of the tree. */
    const urgent = (tree: PolicyDocument['tree'] = { ...policy.emergency.tree, role: 'approver' }, reason: string | null = 'the plant stands still'): Request => {
      const asked = world.request();
      return world.stated({ ...asked, keyUsages: asked.keyUsages.map((one) => ({ ...one, policy: { ...(one.policy as PolicyDocument), tree } })) }, undefined, reason);
    };
    const by = (r: Request, ...who: readonly ('eve' | 'fay' | 'gil')[]): readonly Stored[] => world.stored(r, who.map((one) => world.approval(world[one], r)));

    it('is approved by those whom its path names', async () => {
      await begin(policy);
      const request = urgent();
      expect((await world.signs(request.operationId, by(request, 'gil'))).type).toBe('signing.completed.v1');
      const other = urgent();
      expect((await world.blocked(other.operationId, by(other, 'eve')))[0]).toBe('QUORUM_NOT_MET');
    });

    it.each<[string, unknown, () => Request]>([
      ['nobody said that it is one', policy, () => urgent(undefined, null)],
      ['it has no reason', policy, () => urgent(undefined, '')],
      ['its policy has no such path', SIGNED, () => urgent()],
      ['its path is another one', policy, () => urgent({ type: 'approvers', count: 1, group: 'fw', role: 'approver' })],
      ['what is stored says so, and its statement does not', policy, () => ({ ...urgent(undefined, null), emergency: true })],
    ])('is none where %s', async (_what, of, request) => {
      await begin(of);
      const asked = request();
      expect((await world.blocked(asked.operationId, by(asked, 'gil')))[0]).toBe('POLICY_TAMPERED');
    });

    it.each<[string, object, string]>([
      ['its path was narrowed', { ...policy, emergency: { ...policy.emergency, tree: { type: 'approvers', count: 2, group: 'second' } } }, 'QUORUM_NOT_MET'],
      ['it has no path any more', SIGNED, 'QUORUM_NOT_MET'],
      ['the usual way alone was narrowed', { ...policy, tree: { ...TREE, count: 3 } }, 'signing.completed.v1'],
    ])('rule 24: is held to what its path is now: %s', async (_what, now, expected) => {
      await begin(policy);
      const request = urgent();
      expect((await world.signs(request.operationId, by(request, 'gil'))).type).toBe('signing.completed.v1');
      world.saga.clock.advance(120_000);
      world.chain.now = world.saga.trusted.now().closing;
      world.chain.byOperation(world.chain.admin(0), 'POST', '/v1/policies', { name: 'pinned', policy: now }, world.chain.admins.slice(1, 3));
      await world.writePlane();
      expect((await world.blocked(request.operationId, [world.order(request)]))[0]).toBe(expected);
    });
  });
});
