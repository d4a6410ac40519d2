import { AuditTrailQuery } from '#evidence/application/audit-trail/audit-trail.query.js';
import { OperationTrailQuery } from '#evidence/application/operation-trail/operation-trail.query.js';
import { ApprovalQueueQuery } from '#operations/application/approval-queue/approval-queue.query.js';
import { DecideOperationCommand } from '#operations/application/decide-operation/decide-operation.command.js';
import { GetOperationQuery } from '#operations/application/get-operation/get-operation.query.js';
import { ListOperationsQuery } from '#operations/application/list-operations/list-operations.query.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { RevokeOperationCommand } from '#operations/application/revoke-operation/revoke-operation.command.js';
import { WithdrawApprovalCommand } from '#operations/application/withdraw-approval/withdraw-approval.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from '../testing/fake-api.js';
import { startFakeApi, tokenOf } from '../testing/fake-api.js';
import { DIGEST, OPERATION_ID } from '../testing/views.js';

const token = tokenOf('orderer-1', 'orderer');
const approver = tokenOf('approver-1', 'approver');
const path = `/v1/operations/${OPERATION_ID}`;
const right = { keyUsages: [{ keyId: 'fw', maxUsageCount: 3 }], description: 'a release', validMs: 3_600_000 };
const seed = { 'new-keyusagerestrictions': [{ keyid: 'fw', maxusagecount: 3 }], description: 'a release', validms: 3_600_000 };
let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => api.application.reset());

describe('a request', () => {
  it('is dispatched, and answered with the operation', async () => {
    const body = { ...right, approverContext: 'c', notBefore: '2026-11-20T13:00:00.0001+01:00', binding: { digests: [DIGEST] } };
    const answer = await client.post('/v1/operations', { token, body });
    expect(answer).toMatchObject({ status: 201, body: { operationId: OPERATION_ID, approverContext: null, binding: null, keyUsages: [{ approval: { policy: { type: 'approvers', count: 2, role: 'approver' } } }], decisions: [{ comment: null }], revision: 4 } });
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(answer.headers.get('location')).toBe(path);
    const command = api.application.only(RequestOperationCommand);
    expect(command.caller).toMatchObject({ subject: 'orderer-1', roles: ['orderer'] });
    expect(command.request).toEqual({ keyUsages: [{ keyId: 'fw', maxUsageCount: 3 }], description: 'a release', approverContext: 'c', validMs: 3_600_000, notBefore: '2026-11-20T12:00:00.001Z', binding: { digests: [DIGEST] } });
  });
  it('is the same in the kebab-case form', async () => {
    await client.post('/v1/operations', { token, body: { ...seed, approvercontext: 'c' } });
    expect(api.application.only(RequestOperationCommand).request).toEqual({ keyUsages: [{ keyId: 'fw', maxUsageCount: 3 }], description: 'a release', approverContext: 'c', validMs: 3_600_000, notBefore: null, binding: null });
  });
  const usage = (maxUsageCount: unknown) => ({ ...right, keyUsages: [{ keyId: 'fw', maxUsageCount }] });
  it.each<[string, unknown, readonly string[]]>([
    ...[0, -1, 1.5, 2 ** 53, 1_000_001, 'NaN', '3', null, true, 1e400].map((count): [string, unknown, readonly string[]] => [`a count of ${String(count)}`, usage(count), ['/keyUsages/0/maxUsageCount']]),
    ['no key', { ...right, keyUsages: [] }, ['/keyUsages']],
    ['101 keys', { ...right, keyUsages: Array.from({ length: 101 }, (_, i) => ({ keyId: `k${i}`, maxUsageCount: 1 })) }, ['/keyUsages']],
    ['a key twice', { ...right, keyUsages: [{ keyId: 'fw', maxUsageCount: 1 }, { keyId: 'dev', maxUsageCount: 1 }, { keyId: 'fw', maxUsageCount: 2 }] }, ['/keyUsages/2/keyId']],
    ['keys that are none', { ...right, keyUsages: ['fw', { keyId: 7, maxUsageCount: 1, more: 1 }] }, ['/keyUsages/0', '/keyUsages/1/more', '/keyUsages/1/keyId']],
    ['no description', { ...right, description: '' }, ['/description']], ['a description too long', { ...right, description: 'x'.repeat(2001) }, ['/description']], ['a huge one', { ...right, description: 'x'.repeat(1_500_000) }, ['/description']],
    ['a context too long', { ...right, approverContext: 'x'.repeat(10_001) }, ['/approverContext']], ['validity too short', { ...right, validMs: 999 }, ['/validMs']], ['validity too long', { ...right, validMs: 31_536_000_001 }, ['/validMs']],
    ['a time that is none', { ...right, notBefore: 'tomorrow' }, ['/notBefore']], ['a number for a time', { ...right, notBefore: 1 }, ['/notBefore']], ['a day that is not', { ...right, notBefore: '2026-02-30T00:00:00Z' }, ['/notBefore']],
    ['a binding to nothing', { ...right, binding: { digests: [] } }, ['/binding/digests']], ['a binding to what is no digest', { ...right, binding: { digests: [DIGEST, 'AAAA', 'x'] } }, ['/binding/digests/1', '/binding/digests/2']],
    ['null for a binding', { ...right, binding: null }, ['/binding']], ['what is not known', { ...right, urgency: {} }, ['/urgency']], ['an emergency without a reason', { ...right, emergency: {} }, ['/emergency/reason']], ['what is missing', {}, ['/keyUsages', '/description', '/validMs']],
    ['kebab case: its own names', { ...seed, 'new-keyusagerestrictions': [{ keyid: 'fw', maxusagecount: 0 }], validms: 0 }, ['/new-keyusagerestrictions/0/maxusagecount', '/validms']],
    ['kebab case: a key twice', { ...seed, 'new-keyusagerestrictions': [{ keyid: 'fw', maxusagecount: 1 }, { keyid: 'fw', maxusagecount: 1 }] }, ['/new-keyusagerestrictions/1/keyid']],
    ['a mixture', { ...seed, validMs: 1000 }, ['/validMs']],
  ])('is refused with %s', async (_name, body, paths) => {
    const answer = await client.post('/v1/operations', { token, body, wrong: true });
    expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
    expect((answer.body as { readonly errors: readonly { readonly path: string }[] }).errors.map((e) => e.path).sort()).toEqual([...paths].sort());
    expect(api.application.asked).toEqual([]);
  });
});

describe('reading', () => {
  it('reads an operation', async () => {
    const answer = await client.get(path, { token });
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.headers.get('etag')).toBe('"4"');
    expect(api.application.only(GetOperationQuery)).toMatchObject({ operationId: OPERATION_ID, minRevision: null, untilDecidedMs: null });
  });
  it.each([
    ['', {}, { minRevision: null, untilDecidedMs: null }], ['', { 'if-min-revision': '12' }, { minRevision: 12 }], ['?until=decided', { prefer: 'wait=60' }, { untilDecidedMs: 60_000 }], ['?until=decided', {}, { untilDecidedMs: 10_000 }],
    ['?until=decided', { prefer: 'wait=0' }, { untilDecidedMs: 0 }], ['', { prefer: 'wait=60' }, { untilDecidedMs: null }], ['?until=decided', { prefer: 'foo, wait=3; bar' }, { untilDecidedMs: 3000 }],
  ])('%s %j asks for %j', async (query, headers, expected) => {
    await client.get(path + query, { token, headers });
    expect(api.application.only(GetOperationQuery)).toMatchObject(expected);
  });
  it.each(['"4"', '-1', '1.0', 'x', '9'.repeat(16), '1, 2'])('refuses If-Min-Revision: %s', async (revision) => {
    expect(await client.get(path, { token, headers: { 'if-min-revision': revision } })).toMatchObject({ status: 422, body: { errors: [{ path: 'If-Min-Revision' }] } });
  });
  it('refuses to wait for what it does not know', async () => {
    expect(await client.get(`${path}?until=signed`, { token })).toMatchObject({ status: 422, body: { errors: [{ path: 'until' }] } });
  });
  it('lists with every filter', async () => {
    await client.get('/v1/operations?state=pending&keyId=fw&requestedBy=me&decidedBy=me&limit=1', { token });
    expect(api.application.only(ListOperationsQuery)).toMatchObject({ filter: { state: 'pending', keyId: 'fw', requestedByMe: true, decidedByMe: true }, page: { limit: 1, cursor: null } });
    for (const [query, name] of [['state=open', 'state'], ['keyId=FW', 'keyId'], ['requestedBy=you', 'requestedBy'], ['decidedBy=', 'decidedBy']] as const)
      expect(await client.get(`/v1/operations?${query}`, { token })).toMatchObject({ status: 422, body: { errors: [{ path: name }] } });
  });
  it('has a queue for every role', async () => {
    for (const role of ['orderer', 'approver', 'administrator', 'auditor']) expect(await client.get('/v1/approvals/queue', { token: tokenOf('x', role) })).toMatchObject({ status: 200, body: { items: [{ operationId: OPERATION_ID }] } });
    expect(api.application.asked[0]).toBeInstanceOf(ApprovalQueueQuery);
    expect(await client.get('/v1/approvals/queue?state=pending', { token })).toMatchObject({ status: 422 });
  });
  it('shows trails', async () => {
    expect(await client.get(`${path}/events?limit=200`, { token })).toMatchObject({ status: 200, body: { items: [{ position: '7', revision: '0', type: 'operations.requested.v1' }] } });
    expect(api.application.only(OperationTrailQuery)).toMatchObject({ operationId: OPERATION_ID, page: { limit: 200 } });
    const auditor = tokenOf('auditor-1', 'auditor');
    await client.get(`/v1/audit/events?type=keys.registered.v1&actor=${encodeURIComponent('https://idp.example#me')}&keyId=fw&from=2026-11-20T00:00:00%2B01:00&to=2026-11-21T00:00:00Z`, { token: auditor });
    expect(api.application.only(AuditTrailQuery).filter).toEqual({ type: 'keys.registered.v1', actor: 'https://idp.example#me', keyId: 'fw', from: '2026-11-19T23:00:00.000Z', to: '2026-11-21T00:00:00.000Z' });
    for (const [query, name] of [['from=yesterday', 'from'], ['to=1', 'to'], ['type=x', 'type'], ['actor=', 'actor'], ['keyId=', 'keyId']] as const) expect(await client.get(`/v1/audit/events?${query}`, { token: auditor })).toMatchObject({ status: 422, body: { errors: [{ path: name }] } });
    for (const role of ['orderer', 'approver', 'administrator']) expect(await client.get('/v1/audit/events', { token: tokenOf('x', role) })).toMatchObject({ status: 403, body: { code: 'ROLE_REQUIRED' } });
  });
});

describe('decisions', () => {
  it('are dispatched', async () => {
    expect(await client.post(`${path}/decisions`, { token: approver, body: { decision: 'approve', requestDigest: DIGEST, comment: '' } })).toMatchObject({ status: 201, body: { operationId: OPERATION_ID } });
    expect(api.application.only(DecideOperationCommand)).toMatchObject({ operationId: OPERATION_ID, decision: 'approve', requestDigest: DIGEST, comment: '', caller: { subject: 'approver-1' } });
  });
  it('are open to whom a policy names, whatever else he is', async () => {
    for (const role of ['orderer', 'approver', 'administrator', 'auditor']) expect((await client.post(`${path}/decisions`, { token: tokenOf('x', role), body: { decision: 'reject', requestDigest: DIGEST } })).status).toBe(201);
  });
  it.each([
    [{ decision: 'maybe', requestDigest: DIGEST }, '/decision'], [{ decision: 'approve' }, '/requestDigest'], [{ decision: 'approve', requestDigest: 'not base64' }, '/requestDigest'], [{ decision: 'approve', requestDigest: `${DIGEST.slice(0, -2)}B=` }, '/requestDigest'],
    [{ decision: 'approve', requestDigest: 'A'.repeat(100) }, '/requestDigest'], [{ decision: 'approve', requestDigest: DIGEST, comment: 'x'.repeat(2001) }, '/comment'], [{ decision: 'approve', requestDigest: DIGEST, proof: {} }, '/proof/type'],
  ])('are refused when they are %j', async (body, at) => {
    expect(await client.post(`${path}/decisions`, { token: approver, body, wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: at }] } });
  });
  it('are withdrawn, and operations revoked', async () => {
    expect(await client.delete(`${path}/decisions/mine`, { token: approver })).toMatchObject({ status: 200 });
    expect(api.application.only(WithdrawApprovalCommand)).toMatchObject({ operationId: OPERATION_ID });
    expect(await client.post(`${path}/revocation`, { token, body: { reason: 'r' } })).toMatchObject({ status: 201, body: { state: 'revoked', inFlight: [] } });
    expect(api.application.only(RevokeOperationCommand)).toMatchObject({ operationId: OPERATION_ID, reason: 'r' });
    expect(await client.post(`${path}/revocation`, { token, wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: '' }] } });
  });
});
