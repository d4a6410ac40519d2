import { ChangePolicyCommand } from '#keys/application/change-policy/change-policy.command.js';
import { DisableKeyCommand } from '#keys/application/disable-key/disable-key.command.js';
import { EnableKeyCommand } from '#keys/application/enable-key/enable-key.command.js';
import { GetKeyQuery } from '#keys/application/get-key/get-key.query.js';
import { ListKeysQuery } from '#keys/application/list-keys/list-keys.query.js';
import { RegisterKeyCommand } from '#keys/application/register-key/register-key.command.js';
import { ConfirmClockCommand } from '#platform/time/confirm-clock/confirm-clock.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from '../testing/fake-api.js';
import { startFakeApi, tokenOf } from '../testing/fake-api.js';
import { KEY, OPERATION_ID } from '../testing/views.js';

const token = tokenOf('admin-1', 'administrator');
const right = { keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'approvers', count: 2 } };
let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => api.application.reset());

it('registers a key', async () => {
  const answer = await client.post('/v1/keys', { token, body: right });
  expect(answer).toMatchObject({ status: 201, body: { keyId: 'fw-prod', publicKeyPem: 'pem', approvalPolicy: { type: 'approvers', count: 2, role: 'approver' } } });
  expect(answer.body).not.toHaveProperty('requesters');
  expect(answer.headers.get('etag')).toBe('"1"');
  expect(answer.headers.get('location')).toBe('/v1/keys/fw-prod');
  expect(api.application.only(RegisterKeyCommand).registration).toEqual({
    keyId: 'fw-prod', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'approvers', count: 2, group: null, role: 'approver' }, description: null, requesters: null, adopt: null,
  });
});

it('answers a change that awaits other administrators with its operation', async () => {
  api.application.keysAwait = OPERATION_ID;
  for (const answer of [
    await client.post('/v1/keys', { token, body: right }), await client.put('/v1/keys/fw-prod/approval-policy', { token, body: { type: 'none' } }), await client.post('/v1/keys/fw-prod/enable', { token, body: { reason: 'r' } }),
  ]) expect([answer.status, answer.body, answer.headers.get('location')]).toEqual([202, { operationId: OPERATION_ID }, `/v1/operations/${OPERATION_ID}`]);
  expect(api.application.asked).toEqual([]);
  expect((await client.post('/v1/keys/fw-prod/disable', { token, body: { reason: 'r' } })).status).toBe(200);
});

it('passes on everything that a registration may say', async () => {
  const body = { ...right, algorithm: 'PS512', modulusBits: 4096, approvalPolicy: { type: 'none' }, description: 'd', requesters: { group: 'g' }, pkcs11: { label: 'l', idHex: '0A1b' } };
  await client.post('/v1/keys', { token, body });
  expect(api.application.only(RegisterKeyCommand).registration).toMatchObject({ modulusBits: 4096, description: 'd', requesters: { group: 'g', role: null }, adopt: { label: 'l', idHex: '0a1b' } });
});

it('is 202 while the signer is still at it', async () => {
  api.application.on(RegisterKeyCommand, () => ({ ...KEY, status: 'creating', publicKeyPem: null, revision: 0 }));
  const answer = await client.post('/v1/keys', { token, body: right });
  expect(answer).toMatchObject({ status: 202, body: { status: 'creating' } });
  expect(answer.headers.get('location')).toBe('/v1/keys/fw-prod');
});

const { keyId: _, ...withoutId } = right;
it.each([
  ['nothing', withoutId, ['/keyId']], ['an id with capitals', { ...right, keyId: 'Fw' }, ['/keyId']], ['an id too long', { ...right, keyId: 'x'.repeat(65) }, ['/keyId']], ['an id that begins with a dash', { ...right, keyId: '-x' }, ['/keyId']],
  ['an id with a line break', { ...right, keyId: 'x\n' }, ['/keyId']],
  ['a purpose that is none', { ...right, purpose: 'fun' }, ['/purpose']], ['an algorithm that is none', { ...right, algorithm: 'HS256' }, ['/algorithm']],
  ['bits of an elliptic key', { ...right, modulusBits: 3072 }, ['/modulusBits']], ['odd bits', { ...right, algorithm: 'RS256', modulusBits: 1024 }, ['/modulusBits']], ['bits as text', { ...right, algorithm: 'RS256', modulusBits: '3072' }, ['/modulusBits']],
  ['a policy type that is none', { ...right, approvalPolicy: { type: 'oneOf', of: [] } }, ['/approvalPolicy/type']], ['a branch without nodes', { ...right, approvalPolicy: { type: 'allOf', of: [] } }, ['/approvalPolicy/of']], ['a count below one', { ...right, approvalPolicy: { type: 'approvers', count: 0 } }, ['/approvalPolicy/count']],
  ['a policy with more', { ...right, approvalPolicy: { type: 'none', 'a/b': 1 } }, ['/approvalPolicy/a~1b']], ['no policy', { ...right, approvalPolicy: null }, ['/approvalPolicy']],
  ['requesters who are nobody', { ...right, requesters: {} }, ['/requesters']], ['a key of the token without a name', { ...right, pkcs11: {} }, ['/pkcs11']], ['half a byte', { ...right, pkcs11: { idHex: 'abc' } }, ['/pkcs11/idHex']],
  ['a description too long', { ...right, description: 'x'.repeat(2001) }, ['/description']], ['null', { ...right, description: null }, ['/description']],
])('refuses %s', async (_name, body, paths) => {
  const answer = await client.post('/v1/keys', { token, body, wrong: true });
  expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', errors: paths.map((path): unknown => expect.objectContaining({ path })) } });
  expect(api.application.asked).toEqual([]);
});

it('lists and reads keys', async () => {
  expect(await client.get('/v1/keys?limit=200&cursor=abc', { token: tokenOf('a', 'approver') })).toMatchObject({ status: 200, body: { items: [{ keyId: 'fw-prod' }], nextCursor: 'more' } });
  expect(api.application.only(ListKeysQuery).page).toEqual({ limit: 200, cursor: 'abc' });
  const answer = await client.get('/v1/keys/fw-prod', { token: tokenOf('a', 'orderer') });
  expect(answer.headers.get('etag')).toBe('"1"');
  expect(api.application.only(GetKeyQuery).keyId).toBe('fw-prod');
});
it('lists 50 where nothing is said', async () => {
  await client.get('/v1/keys', { token });
  expect(api.application.only(ListKeysQuery).page).toEqual({ limit: 50, cursor: null });
});

it('changes a policy, disables and enables', async () => {
  expect(await client.put('/v1/keys/fw-prod/approval-policy', { token, body: { type: 'none' } })).toMatchObject({ status: 200 });
  expect(api.application.only(ChangePolicyCommand)).toMatchObject({ keyId: 'fw-prod', approvalPolicy: { type: 'none' } });
  for (const [body, path] of [[{ type: 'x' }, '/type'], [{ type: 'approvers', count: 1, who: 1 }, '/who'], [[], '']] as const)
    expect(await client.put('/v1/keys/fw-prod/approval-policy', { token, body, wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  const disabled = await client.post('/v1/keys/fw-prod/disable', { token, body: { reason: 'r' } });
  expect(disabled).toMatchObject({ status: 200, body: { status: 'disabled', inFlight: [] } });
  expect(api.application.only(DisableKeyCommand)).toMatchObject({ keyId: 'fw-prod', reason: 'r' });
  expect(await client.post('/v1/keys/fw-prod/enable', { token, body: { reason: 'r' } })).toMatchObject({ status: 200 });
  expect(api.application.only(EnableKeyCommand)).toMatchObject({ keyId: 'fw-prod', reason: 'r' });
  for (const reason of [undefined, '', 'x'.repeat(2001), 1]) expect(await client.post('/v1/keys/fw-prod/disable', { token, body: { reason }, wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: '/reason' }] } });
});

it('takes a confirmation of the clock', async () => {
  expect(await client.post('/v1/clock/confirmation', { token, body: { comment: 'c' } })).toMatchObject({ status: 201, body: { confirmedAt: expect.any(String) } });
  expect(api.application.only(ConfirmClockCommand).comment).toBe('c');
});

it.each([['POST', '/v1/keys'], ['PUT', '/v1/keys/x/approval-policy'], ['POST', '/v1/keys/x/disable'], ['POST', '/v1/keys/x/enable'], ['POST', '/v1/clock/confirmation'], ['POST', '/v1/ledger/acceptances']])('leaves %s %s to administrators', async (method, path) => {
  for (const role of ['orderer', 'approver', 'auditor']) expect(await client.call(method, path, { token: tokenOf('x', role), body: {}, wrong: true })).toMatchObject({ status: 403, body: { code: 'ROLE_REQUIRED' } });
});
