import fc from 'fast-check';
import type { PinnedPolicy, Policy, PolicyDocument, PolicyNode } from '#policies/contract.js';
import type { GrantedKey } from '../domain/operation/events.js';
import { checkRequest, pinned, requestFaults } from './pin-policies.js';
import { requestOf } from './testing/operations-bench.js';

const APPROVERS: PolicyNode = { type: 'approvers', count: 1, group: null, role: 'approver' };
const FEWER: PolicyNode = { type: 'approvers', count: 1, group: 'heads', role: 'approver' };
const EMERGENCY = { tree: FEWER, reviewWithinMs: 60_000, reviewers: APPROVERS };
const named = (policy: Policy, over: Partial<PinnedPolicy> = {}): PinnedPolicy => ({ policy, name: null, version: null, level: null, ...over });
const key = (keyId: string, maxUsageCount: number, policy: Policy, ...demands: readonly Policy[]): GrantedKey =>
  ({ keyId, algorithm: 'ES256', publicKeySha256: 'ab', maxUsageCount, policy, ...(demands.length === 0 ? {} : { demands: demands.map((one) => named(one)) }) });
const limited = (options: Omit<PolicyDocument, 'tree'>): Policy => ({ tree: APPROVERS, ...options });
const paths = (request: Parameters<typeof requestFaults>[0], ...keys: readonly GrantedKey[]): readonly string[] => requestFaults(request, keys).map(({ path }) => path);
const BOUND = { digests: ['AA=='] };

describe('what policies allow of a request', () => {
  it.each<readonly [string, Policy, Partial<Parameters<typeof requestOf>[0]>, number, readonly string[]]>([
    ['as long as it may be', limited({ maxValidMs: 60_000 }), { validMs: 60_000 }, 1, []],
    ['a millisecond longer', limited({ maxValidMs: 60_000 }), { validMs: 60_001 }, 1, ['/validMs']],
    ['as often as it may be', limited({ maxUsageCount: 5 }), {}, 5, []],
    ['once more', limited({ maxUsageCount: 5 }), {}, 6, ['/keyUsages/0/maxUsageCount']],
    ['bound, where it has to be', limited({ requireBinding: true }), { binding: BOUND }, 1, []],
    ['not bound', limited({ requireBinding: true }), {}, 1, ['/binding']],
    ['all of it at once', limited({ maxValidMs: 1_000, maxUsageCount: 1, requireBinding: true }), {}, 2, ['/validMs', '/keyUsages/0/maxUsageCount', '/binding']],
    ['no emergency', limited({ emergency: EMERGENCY }), {}, 1, []],
    ['an emergency that it has a path for', limited({ emergency: EMERGENCY }), { emergency: { reason: 'fire' } }, 1, []],
    ['an emergency that it has no path for', limited({}), { emergency: { reason: 'fire' } }, 1, ['/emergency']],
    ['a policy without options', APPROVERS, { validMs: 31_536_000_000 }, 1_000_000, []],
  ])('%s', (_, policy, over, uses, expected) => {
    const request = requestOf(over);
    expect(paths(request, key('fw', uses, policy))).toEqual(expected);
    if (expected.length === 0) expect(() => checkRequest(request, [key('fw', uses, policy)])).not.toThrow();
    else expect(() => checkRequest(request, [key('fw', uses, policy)])).toThrow(expect.objectContaining({ code: 'VALIDATION_FAILED' }) as Error);
  });

  it('the policies of its level limit a key as its own does', () => {
    expect(paths(requestOf(), key('fw', 3, limited({ maxUsageCount: 9 }), limited({ maxUsageCount: 2 }), limited({ requireBinding: true })))).toEqual(['/keyUsages/0/maxUsageCount', '/binding']);
  });

  it('one key with an emergency path is enough for an emergency', () => {
    expect(paths(requestOf({ emergency: { reason: 'fire' } }), key('a', 1, APPROVERS), key('b', 1, APPROVERS, limited({ emergency: EMERGENCY })))).toEqual([]);
  });

  it('a request is taken exactly when every policy of every key allows it', () => {
    const options = fc.record({ maxValidMs: fc.constantFrom(1_000, 2_000, 3_000), maxUsageCount: fc.integer({ min: 1, max: 3 }), requireBinding: fc.boolean() }, { requiredKeys: [] });
    const keys = fc.array(fc.record({ uses: fc.integer({ min: 1, max: 4 }), policies: fc.array(options, { minLength: 1, maxLength: 3 }) }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(keys, fc.constantFrom(1_000, 2_000, 3_000, 4_000), fc.boolean(), (given, validMs, bound) => {
        const allows = given.every(({ uses, policies }) => policies.every((o) => validMs <= (o.maxValidMs ?? Infinity) && uses <= (o.maxUsageCount ?? Infinity) && (bound || o.requireBinding !== true)));
        const granted = given.map(({ uses, policies: [own = {}, ...demands] }, i) => key(`k${i}`, uses, limited(own), ...demands.map(limited)));
        expect(requestFaults(requestOf({ validMs, binding: bound ? BOUND : null }), granted).length === 0).toBe(allows);
      }),
    );
  });
});

describe('policies as a request pins them', () => {
  it('are the key’s own with its name and version, then those of its level', () => {
    const level = named(limited({ maxUsageCount: 2 }), { level: 'L1' });
    expect(pinned([named(APPROVERS, { name: 'one', version: 3 }), level], false)).toEqual({ policy: APPROVERS, policyName: 'one', policyVersion: 3, demands: [level] });
    expect(pinned([named(APPROVERS)], false)).toEqual({ policy: APPROVERS });
  });

  it('in an emergency have its tree, and everything else as it is; those without such a path stay whole', () => {
    const own = limited({ emergency: EMERGENCY, requiredProof: 'signature', maxUsageCount: 2, excludedGroups: ['contractors'] });
    const level = named(limited({ minimumDelayMs: 5 }), { level: 'L1' });
    expect(pinned([named(own), level], true)).toEqual({ policy: { ...(own as PolicyDocument), tree: FEWER }, demands: [level] });
    expect(pinned([named(own), level], false)).toEqual({ policy: own, demands: [level] });
    expect(pinned([named(APPROVERS)], true)).toEqual({ policy: APPROVERS });
  });

  it('a key under no policy is asked for by nobody', () => {
    for (const emergency of [true, false]) expect(() => pinned([], emergency)).toThrow(expect.objectContaining({ code: 'POLICY_UNSATISFIABLE' }) as Error);
  });
});
