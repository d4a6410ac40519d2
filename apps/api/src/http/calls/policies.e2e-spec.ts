import { AnalysePolicyQuery } from '#policies/application/analyse-policy/analyse-policy.query.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from '../testing/fake-api.js';
import { startFakeApi, tokenOf } from '../testing/fake-api.js';

const token = tokenOf('somebody', 'orderer');
const roles = ['approver'];
const FW = { type: 'approvers', count: 2, group: 'fw' };
const QA = { type: 'approvers', count: 1, group: 'qa' };
const right = { approvalPolicy: { type: 'allOf', of: [FW, QA] }, people: [{ id: 'a', groups: ['fw', 'qa'], roles }, { id: 'b', groups: ['fw'], roles }, { id: 'c', groups: ['fw'], roles }, { id: 'd', groups: ['qa'], roles }] };
let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => api.application.reset());

const analyse = (body: unknown, wrong = false) => client.post('/v1/policies/analyse', { token, body, wrong });

it('says who could meet a policy, and with whom', async () => {
  expect(await analyse(right)).toMatchObject({ status: 200, body: { satisfiable: true, smallestSize: 3, smallestSet: expect.any(Array), sufficientAlone: [], groupsSufficientAlone: ['fw'], indispensable: [], exact: true } });
  expect((await analyse({ ...right, requester: 'a', excluded: ['stranger'] })).body).toMatchObject({ smallestSet: ['b', 'c', 'd'], indispensable: ['b', 'c', 'd'] });
  expect((await analyse({ ...right, requester: 'a', excluded: ['b'] })).body).toEqual({ satisfiable: false, smallestSize: null, smallestSet: null, sufficientAlone: [], groupsSufficientAlone: [], indispensable: [], exact: true });
  expect((await analyse({ approvalPolicy: { tree: QA, excludedGroups: ['fw'], requiredProof: 'signature' }, people: [...right.people, { id: 'e' }] })).body).toMatchObject({ smallestSize: 1, sufficientAlone: ['d'], groupsSufficientAlone: ['qa'] });
});
it.each(['orderer', 'approver', 'administrator', 'auditor'])('is for the role %s', async (role) => {
  expect(await client.post('/v1/policies/analyse', { token: tokenOf('x', role), body: right })).toMatchObject({ status: 200 });
});
it('passes on references and people without groups', async () => {
  api.application.on(AnalysePolicyQuery, () => ({ satisfiable: false, smallestSize: null, smallestSet: null, sufficientAlone: [], groupsSufficientAlone: [], indispensable: [], exact: true }));
  for (const [approvalPolicy, source] of [[{ ref: 'two', version: 3 }, { ref: 'two', version: 3 }], [{ ref: 'two' }, { ref: 'two', version: null }], [{ assuranceLevel: 'L2' }, { assuranceLevel: 'L2' }]]) {
    expect(await analyse({ approvalPolicy, people: [{ id: 'a' }] })).toMatchObject({ status: 200 });
    expect(api.application.only(AnalysePolicyQuery)).toMatchObject({ source, input: { people: [{ id: 'a', groups: [], roles: [] }], requester: null, excluded: [] } });
    api.application.asked.length = 0;
  }
});
it('says where a reference leads nowhere', async () => {
  expect(await analyse({ ...right, approvalPolicy: { ref: 'two' } })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', errors: [{ path: '/approvalPolicy' }] } });
});

it.each<[string, unknown, readonly string[]]>([
  ['no policy', { people: [] }, ['/approvalPolicy']], ['a policy that is none', { ...right, approvalPolicy: 'two' }, ['/approvalPolicy']],
  ['a branch of nothing', { ...right, approvalPolicy: { tree: { type: 'anyOf', of: [] } } }, ['/approvalPolicy/tree/of']],
  ['a count of none, deep inside', { ...right, approvalPolicy: { type: 'allOf', of: [QA, { type: 'sequence', of: [{ ...QA, count: 0 }] }] } }, ['/approvalPolicy/of/1/of/0/count']],
  ['a threshold of none', { ...right, approvalPolicy: { type: 'threshold', k: 0, of: [QA] } }, ['/approvalPolicy/k']], ['a threshold that is not said', { ...right, approvalPolicy: { type: 'threshold', of: [QA] } }, ['/approvalPolicy/k']],
  ['an option that is none', { ...right, approvalPolicy: { tree: QA, quorum: 2 } }, ['/approvalPolicy/quorum']], ['a level that is none', { ...right, approvalPolicy: { assuranceLevel: 'L4' } }, ['/approvalPolicy/assuranceLevel']],
  ['no people', { approvalPolicy: QA }, ['/people']], ['201 people', { ...right, people: Array.from({ length: 201 }, (_, i) => ({ id: `p${i}` })) }, ['/people']],
  ['somebody twice', { ...right, people: [{ id: 'a' }, { id: 'a' }] }, ['/people/1/id']], ['somebody without an id', { ...right, people: [{ groups: [] }] }, ['/people/0/id']],
  ['groups that are none', { ...right, people: [{ id: 'a', groups: ['fw', 1], roles: 'approver' }] }, ['/people/0/groups/1', '/people/0/roles']],
  ['a requester who is no text', { ...right, requester: 1 }, ['/requester']], ['excluded who are no texts', { ...right, excluded: [null] }, ['/excluded/0']], ['more', { ...right, more: 1 }, ['/more']],
])('refuses %s', async (_name, body, paths) => {
  const answer = await analyse(body, true);
  expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
  expect((answer.body as { errors: { path: string }[] }).errors.map((e) => e.path).sort()).toEqual([...paths].sort());
  expect(api.application.asked).toEqual([]);
});
it('tells a policy that nobody could meet from one that is no policy', async () => {
  expect(await analyse({ ...right, approvalPolicy: { type: 'allOf', of: [QA, { type: 'threshold', k: 4, of: [FW, QA], weights: [1, 2] }] } }, true))
    .toMatchObject({ status: 422, body: { code: 'POLICY_UNSATISFIABLE', errors: [{ path: '/approvalPolicy/of/1/k' }] } });
  expect(await client.put('/v1/keys/fw/approval-policy', { token: tokenOf('admin', 'administrator'), body: { tree: { type: 'threshold', k: 2, of: [QA] } } })).toMatchObject({ status: 422, body: { code: 'POLICY_UNSATISFIABLE', errors: [{ path: '/tree/k' }] } });
  expect(await client.post('/v1/keys', { token: tokenOf('admin', 'administrator'), body: { keyId: 'k', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'threshold', k: 2, of: [QA] } } })).toMatchObject({ status: 422, body: { code: 'POLICY_UNSATISFIABLE', errors: [{ path: '/approvalPolicy/k' }] } });
});
