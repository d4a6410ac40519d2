import fc from 'fast-check';
import { effectOf } from './effect-of.js';
import { credential, EVE } from './testing/given-control-plane.js';

const faultsOf = (method: string, path: string, body: unknown): readonly string[] => {
  const effect = effectOf(method, path, body);
  return 'faults' in effect ? effect.faults.map((f) => f.path) : [`${effect.type}!`];
};

describe('effectOf', () => {
  it.each<[string, string, unknown, object]>([
    ['POST', '/v1/policies', { name: 'P-1.x', policy: { type: 'approvers', count: 2 } }, { type: 'policy-published', name: 'P-1.x', policy: { type: 'approvers', count: 2, group: null, role: 'approver' } }],
    ['PUT', '/v1/roster/a%20%2Fb', { members: [EVE] }, { type: 'roster-set', group: 'a /b', members: [EVE] }],
    ['PUT', '/v1/people/p', { status: 'suspended' }, { type: 'person-suspended', personId: 'p' }],
    ['PUT', '/v1/people/p', { accounts: [EVE] }, { type: 'person-set', personId: 'p', accounts: [EVE], owns: null, status: null }],
    ['DELETE', '/v1/deputies/00000000-0000-4000-8000-000000000000', {}, { type: 'deputy-withdrawn', deputyId: '00000000-0000-4000-8000-000000000000' }],
    ['POST', '/v1/credentials', credential('eve'), { type: 'credential-enrolled', ...credential('eve') }],
    ['POST', '/v1/keys', { keyId: 'k', purpose: 'root', algorithm: 'PS256', modulusBits: 4096, approvalPolicy: { ref: 'x', version: 2 }, requesters: { group: 'g' }, pkcs11: { idHex: '0A' } },
      { type: 'key-permitted', key: { keyId: 'k', purpose: 'root', algorithm: 'PS256', modulusBits: 4096, policy: { ref: 'x', version: 2 }, description: null, requesters: { group: 'g', role: null }, adopt: { label: null, idHex: '0a' } } }],
    ['PUT', '/v1/keys/k/approval-policy', { assuranceLevel: 'L2' }, { type: 'key-policy-set', keyId: 'k', policy: { assuranceLevel: 'L2' } }],
    ['PUT', '/v1/issuers', { issuers: [{ issuer: 'http://localhost:9', audience: 'a', rules: [{ match: { n: 1, b: true }, roles: ['auditor'] }] }] }, { type: 'issuers-set', issuers: [{ jwksUri: null, rolesClaim: 'roles', rules: [{ match: { n: '1', b: 'true' } }] }] }],
  ])('%s %s', (method, path, body, effect) => expect(effectOf(method, path, body)).toMatchObject(effect));

  it.each<[string, string, unknown, readonly string[]]>([
    ['GET', '/v1/policies', {}, ['path']], ['POST', '/v1/policies/', {}, ['path']], ['PUT', '/v1/roster/', { members: [] }, ['path']], ['PUT', '/v1/roster/a/b', { members: [] }, ['path']], ['PUT', '/v1/roster/%zz', { members: [] }, ['path']],
    ['PUT', '/v1/assurance-levels/L4', {}, ['path']], ['PUT', '/v1/people/A', {}, ['path']], ['PUT', '/v1/assurance-levels/L2', { policy: { tree: { type: 'none' }, assuranceLevel: 'L1' } }, ['/policy/assuranceLevel']],
    ['POST', '/v1/policies', undefined, ['']], ['POST', '/v1/policies', [], ['']], ['POST', '/v1/policies', {}, ['/name', '/policy']], ['POST', '/v1/policies', { name: 'a', policy: { type: 'threshold', k: 9, of: [{ type: 'none' }] } }, ['/policy/k']],
    ['PUT', '/v1/roster/g', { members: [EVE, EVE] }, ['/members']], ['PUT', '/v1/roster/g', { members: [{ issuer: 'i' }] }, ['/members/0/subject']], ['PUT', '/v1/people/p', { accounts: [EVE], owns: [EVE] }, ['/owns']], ['PUT', '/v1/people/p', { accounts: [] }, ['/accounts']],
    ['PUT', '/v1/separation', { exclusive: [['a'], ['a', 'a'], ['a', 1]], mutualWithinDays: -1 }, ['/exclusive/0', '/exclusive/1', '/exclusive/2/1', '/mutualWithinDays']],
    ['PUT', '/v1/quorum', { quorum: 1 }, ['/quorum']], ['PUT', '/v1/issuers', { issuers: [] }, ['/issuers']], ['PUT', '/v1/issuers', { issuers: [{ issuer: 'http://idp.example', audience: 'a' }] }, ['/issuers/0/issuer']],
    ['PUT', '/v1/issuers', { issuers: [{ issuer: 'https://i', audience: 'a', rules: [{ match: {}, roles: [] }] }] }, ['/issuers/0/rules/0/match', '/issuers/0/rules/0/roles']],
    ['POST', '/v1/deputies', { deputy: EVE, groups: [], from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z', reason: '' }, ['/groups', '/until', '/reason']], ['POST', '/v1/deputies', { deputy: EVE, groups: ['g'], from: 'now', until: '2026-13-01T00:00:00Z', reason: 'r' }, ['/from', '/until']],
    ['POST', '/v1/credentials', { ...credential('eve'), key: { type: 'jwk', publicJwk: { kty: 'RSA' } } }, ['/key/publicJwk']], ['POST', '/v1/credentials', { ...credential('eve'), key: { type: 'webauthn', id: '=', publicKey: 'a', transports: [], backupEligible: 1 } }, ['/key/id', '/key/backupEligible']],
    ['POST', '/v1/keys', { keyId: 'k', purpose: 'ca', algorithm: 'ES256', modulusBits: 3072, approvalPolicy: { type: 'none' }, requesters: {}, pkcs11: {} }, ['/modulusBits', '/requesters/group', '/pkcs11/label']],
    ['POST', '/v1/administration-sessions', { purpose: 'p', validMs: 1, grants: [{ action: 'sign', resource: 'k' }, { action: 'administer', resource: 'PUT /v1/x', maxUsageCount: 1 }, { action: 'administer', resource: 'PUT /v1/a*' }, { action: 'own', resource: 'x' }] }, ['/validMs', '/grants/0/maxUsageCount', '/grants/1/maxUsageCount', '/grants/2/resource', '/grants/3/action', '/grants/3/resource']],
    ['POST', '/v1/keys/k/disable', { reason: 'r', more: 1 }, ['/more']], ['DELETE', '/v1/deputies/00000000-0000-4000-8000-000000000000', { x: 1 }, ['/x']], ['POST', '/v1/keys/k/disable', { reason: '\ud800' }, ['/reason']],
  ])('%s %s with %j is refused', (method, path, body, faults) => expect(faultsOf(method, path, body)).toEqual(faults));

  it('takes anything, and throws at nothing', () => {
    const paths = ['/v1/policies', '/v1/roster/g', '/v1/people/p', '/v1/separation', '/v1/issuers', '/v1/credentials', '/v1/deputies', '/v1/keys', '/v1/keys/k/approval-policy', '/v1/administration-sessions', '/v1/quorum', '/v1/assurance-levels/L1'];
    fc.assert(fc.property(fc.constantFrom('POST', 'PUT', 'DELETE'), fc.oneof(fc.constantFrom(...paths), fc.string()), fc.jsonValue({ maxDepth: 4 }), (method, path, body) => void effectOf(method, path, body)), { numRuns: 500 });
  });
});
