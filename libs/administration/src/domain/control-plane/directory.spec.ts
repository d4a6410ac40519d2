import { NOTHING_SEEN, directoryOf } from './directory.js';
import { resolvePolicies } from './resolve-policies.js';
import { initialControlPlane } from './state.js';
import { ADA, after, account, at, BEN, CYD, EVE, laid } from './testing/given-control-plane.js';

const NOW = at('12:00');

describe('people of a control plane', () => {
  const state = after(
    initialControlPlane, [ADA, 'PUT', '/v1/people/eve', { accounts: [EVE, account('eve-2')], owns: [account('bot')] }], [ADA, 'PUT', '/v1/people/ben', { accounts: [BEN], status: 'suspended' }],
    [EVE, 'POST', '/v1/deputies', { deputy: CYD, groups: ['fw'], from: at('11:00'), until: at('13:00'), reason: 'r' }], [BEN, 'POST', '/v1/deputies', { deputy: CYD, groups: ['hw'], from: at('11:00'), until: at('13:00'), reason: 'r' }],
    [ADA, 'PUT', '/v1/separation', { exclusive: [['a', 'b']], mutualWithinDays: 1 }],
  );
  const directory = directoryOf(state, NOTHING_SEEN);
  it('are humans, whatever account they use', () => {
    expect(directory.personOf(EVE)).toBe(directory.personOf(account('eve-2')));
    expect(directory.personOf(EVE)).not.toBe(directory.personOf(CYD));
    expect(directory.personOf({ issuer: 'https://other', subject: 'eve' })).not.toBe(directory.personOf(EVE));
  });
  it('never approve what is theirs', () => {
    expect(directory.relation(EVE, account('eve-2'), NOW)).toBe('self');
    expect(directory.relation(account('bot'), account('eve-2'), NOW)).toBe('owner');
    expect(directory.relation(EVE, account('bot'), NOW)).toBe('owner');
    expect(directory.relation(account('eve-2'), CYD, NOW)).toBe('delegate');
    expect(directory.relation(EVE, CYD, at('13:00'))).toBeUndefined();
    expect(directory.relation(CYD, EVE, NOW)).toBeUndefined();
    expect(directory.relation(EVE, ADA, NOW)).toBeUndefined();
  });
  it('stand in for others who are there', () => {
    expect(directory.principalsOf(CYD, NOW)).toMatchObject([{ principal: EVE, groups: ['fw'] }]);
    expect(directory.principalsOf(CYD, at('10:59'))).toEqual([]);
    expect(directory.isSuspended(BEN)).toBe(true);
    expect(directory.isSuspended(EVE)).toBe(false);
  });
  it('have groups of a roster where a genesis was laid', () => {
    expect(directory.rosterGroups(EVE)).toBeUndefined();
    const ofGenesis = directoryOf(laid(), NOTHING_SEEN);
    expect([ofGenesis.rosterGroups(EVE), ofGenesis.rosterGroups(ADA), ofGenesis.rosterGroups(account('eve-2'))]).toEqual([['fw'], ['administrators'], []]);
    expect(ofGenesis.credential('ada-key')).toMatchObject({ owner: ADA, status: 'active' });
    expect(ofGenesis.credentialsOf(account('ada-2')).map((c) => c.credentialId)).toEqual(['ada-key']);
    expect(ofGenesis.exclusive).toEqual([['a', 'b']]);
  });
});

describe('policies of a key', () => {
  const one = { type: 'approvers', count: 1, group: 'qa', role: 'approver' } as const;
  const state = after(laid(), [ADA, 'PUT', '/v1/assurance-levels/L0', { policy: one }], [ADA, 'PUT', '/v1/assurance-levels/L2', { policy: { type: 'approvers', count: 2 } }], [ADA, 'POST', '/v1/policies', { name: 'two', policy: { tree: one, assuranceLevel: 'L2' } }]);
  const resolved = (source: Parameters<typeof resolvePolicies>[1], of = state) => {
    const policies = resolvePolicies(of, source);
    return Array.isArray(policies) ? policies.map(({ name, version, level }) => ({ name, version, level })) : (policies as { readonly code: string }).code;
  };
  it('are its own, its level\'s, and those of lower levels that were set', () => {
    expect(resolved(one)).toEqual([{ name: null, version: null, level: null }]);
    expect(resolved({ ref: 'two', version: 1 })).toEqual([{ name: 'two', version: 1, level: null }]);
    expect(resolved({ ref: 'two', version: null })).toEqual([{ name: 'two', version: 2, level: null }, { name: null, version: null, level: 'L2' }, { name: null, version: null, level: 'L0' }]);
    expect(resolved({ assuranceLevel: 'L3' })).toEqual([{ name: null, version: null, level: 'L3' }, { name: null, version: null, level: 'L2' }, { name: null, version: null, level: 'L0' }]);
    expect(resolved({ assuranceLevel: 'L0' }, initialControlPlane)).toEqual([{ name: null, version: null, level: 'L0' }]);
    expect(resolvePolicies(initialControlPlane, { assuranceLevel: 'L3' })).toMatchObject([{ policy: { tree: { count: 3 }, requiredProof: 'signature' } }]);
  });
  it('are none of what nobody published', () => {
    expect(resolved({ ref: 'none', version: null })).toBe('POLICY_NOT_FOUND');
    expect(resolved({ ref: 'two', version: 3 })).toBe('POLICY_NOT_FOUND');
    expect(resolved({ ref: 'two', version: 0 })).toBe('POLICY_NOT_FOUND');
  });
});
