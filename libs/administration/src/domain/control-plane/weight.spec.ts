import { effectOf } from './effect-of.js';
import { initialControlPlane } from './state.js';
import { ADA, after, account, BEN, CYD, EVE, ISSUER, laid } from './testing/given-control-plane.js';
import { weightOf } from './weight.js';

const approvers = (count: number, group = 'fw') => ({ type: 'approvers', count, group });
const issuer = (over: object = {}) => ({ issuer: ISSUER, audience: 'countersign', rules: [{ match: { a: 'b' }, roles: ['orderer'] }], ...over });
const state = after(
  laid(), [ADA, 'PUT', '/v1/issuers', { issuers: [issuer(), issuer({ issuer: 'https://b.example' })] }], [ADA, 'PUT', '/v1/assurance-levels/L1', { policy: approvers(1) }],
  [ADA, 'POST', '/v1/policies', { name: 'excluding', policy: { tree: approvers(1), excludedGroups: ['contractors'] } }], [ADA, 'PUT', '/v1/roster/contractors', { members: [EVE] }], [ADA, 'PUT', '/v1/roster/a', { members: [EVE] }],
  [ADA, 'PUT', '/v1/people/eve', { accounts: [EVE, account('eve-2')], owns: [account('bot')] }],
);
const weightIn = (method: string, path: string, body: unknown, of = state): string => {
  const effect = effectOf(method, path, body);
  return 'faults' in effect ? JSON.stringify(effect.faults) : weightOf(effect, of);
};

describe('what weakens is more than a change', () => {
  it.each<[string, string, string, unknown, string]>([
    ['a new policy', 'POST', '/v1/policies', { name: 'n', policy: { type: 'none' } }, 'change'],
    ['a policy that asks for more', 'POST', '/v1/policies', { name: 'two', policy: approvers(3) }, 'change'],
    ['a policy that asks for less', 'POST', '/v1/policies', { name: 'two', policy: approvers(1) }, 'weakening'],
    ['a policy that asks for others', 'POST', '/v1/policies', { name: 'two', policy: approvers(2, 'hw') }, 'weakening'],
    ['a level that asks for more', 'PUT', '/v1/assurance-levels/L1', { policy: approvers(2) }, 'change'],
    ['a level that asks for less than by default', 'PUT', '/v1/assurance-levels/L2', { policy: { type: 'approvers', count: 1 } }, 'weakening'],
    ['more than the default', 'PUT', '/v1/assurance-levels/L2', { policy: { type: 'approvers', count: 3 } }, 'change'],
    ['a member more', 'PUT', '/v1/roster/fw', { members: [EVE, BEN] }, 'weakening'],
    ['a member less', 'PUT', '/v1/roster/fw', { members: [] }, 'change'],
    ['a member less of a group that excludes', 'PUT', '/v1/roster/contractors', { members: [] }, 'weakening'],
    ['of a group that a pair names', 'PUT', '/v1/roster/a', { members: [] }, 'weakening'],
    ['an administrator more', 'PUT', '/v1/roster/administrators', { members: [ADA, BEN, CYD, account('dan'), EVE] }, 'weakening'],
    ['an administrator less', 'PUT', '/v1/roster/administrators', { members: [ADA, BEN, CYD] }, 'change'],
    ['accounts linked', 'PUT', '/v1/people/eve', { accounts: [EVE, account('eve-2'), account('eve-3')] }, 'change'],
    ['accounts parted', 'PUT', '/v1/people/eve', { accounts: [EVE] }, 'weakening'],
    ['a machine disowned', 'PUT', '/v1/people/eve', { owns: [] }, 'weakening'],
    ['somebody suspended, whole', 'PUT', '/v1/people/eve', { accounts: [EVE, account('eve-2')], owns: [account('bot')], status: 'suspended' }, 'relief'],
    ['somebody suspended and disowned at once', 'PUT', '/v1/people/eve', { owns: [], status: 'suspended' }, 'weakening'],
    ['somebody new who is suspended', 'PUT', '/v1/people/new', { accounts: [BEN], status: 'suspended' }, 'change'],
    ['a pair more', 'PUT', '/v1/separation', { exclusive: [['b', 'a'], ['c', 'd']], mutualWithinDays: 7 }, 'change'],
    ['a pair less', 'PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 7 }, 'weakening'],
    ['fewer days', 'PUT', '/v1/separation', { exclusive: [['a', 'b']], mutualWithinDays: 6 }, 'weakening'],
    ['an issuer less, a rule less', 'PUT', '/v1/issuers', { issuers: [issuer({ rules: [] })] }, 'change'],
    ['another audience', 'PUT', '/v1/issuers', { issuers: [issuer({ audience: 'b' })] }, 'weakening'],
    ['a rule that gives more', 'PUT', '/v1/issuers', { issuers: [issuer({ rules: [{ match: { a: 'b' }, roles: ['orderer', 'approver'] }] })] }, 'weakening'],
    ['another issuer', 'PUT', '/v1/issuers', { issuers: [issuer({ issuer: 'https://c.example' })] }, 'weakening'],
    ['a higher quorum', 'PUT', '/v1/quorum', { quorum: 3 }, 'change'],
    ['a new key', 'POST', '/v1/keys', { keyId: 'n', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } }, 'change'],
    ['a key under more', 'PUT', '/v1/keys/evidence/approval-policy', approvers(1), 'change'],
    ['a key under less', 'PUT', '/v1/keys/fw-prod/approval-policy', approvers(1), 'weakening'],
    ['a key under the same, which no longer follows its name', 'PUT', '/v1/keys/fw-prod/approval-policy', approvers(2), 'weakening'],
    ['a key that is not known', 'PUT', '/v1/keys/other/approval-policy', approvers(9), 'weakening'],
    ['a key enabled', 'POST', '/v1/keys/fw-prod/enable', { reason: 'r' }, 'weakening'],
    ['a key disabled', 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }, 'relief'],
    ['a credential resumed', 'POST', '/v1/credentials/ada-key/resume', { reason: 'r' }, 'weakening'],
    ['a credential revoked', 'POST', '/v1/credentials/ada-key/revoke', { reason: 'r' }, 'relief'],
  ])('%s', (_, method, path, body, weight) => expect(weightIn(method, path, body)).toBe(weight));

  it('a lower quorum', () => expect(weightIn('PUT', '/v1/quorum', { quorum: 2 }, { ...state, quorum: 3 })).toBe('weakening'));
  it('a key of a level that is under no less by its own policy', () => {
    const levelled = after(laid(), [ADA, 'PUT', '/v1/keys/evidence/approval-policy', { assuranceLevel: 'L2' }]);
    expect(weightIn('PUT', '/v1/keys/evidence/approval-policy', { assuranceLevel: 'L3' }, levelled)).toBe('weakening');
    expect(weightIn('PUT', '/v1/keys/evidence/approval-policy', { tree: { type: 'approvers', count: 2 }, assuranceLevel: 'L2' }, levelled)).toBe('weakening');
  });
  it('a key without a pair that is asked for again, under less or after it was disabled', () => {
    const again = (approvalPolicy: unknown, of = state) => weightIn('POST', '/v1/keys', { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy }, of);
    expect([again({ ref: 'two' }), again({ type: 'none' }), again({ ref: 'two' }, after(state, [ADA, 'POST', '/v1/keys/fw-prod/disable', { reason: 'r' }]))]).toEqual(['change', 'weakening', 'weakening']);
  });
  it('nothing, in an empty control plane, but what gives power back', () => expect(weightIn('PUT', '/v1/roster/fw', { members: [] }, initialControlPlane)).toBe('change'));
});
