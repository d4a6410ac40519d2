import { GetSignOrderQuery } from '#signing/application/get-sign-order/get-sign-order.query.js';
import { ListSignOrdersQuery } from '#signing/application/list-sign-orders/list-sign-orders.query.js';
import { PlaceSignOrderCommand } from '#signing/application/place-sign-order/place-sign-order.command.js';
import { ResolveOutcomeCommand } from '#signing/application/resolve-outcome/resolve-outcome.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from '../testing/fake-api.js';
import { startFakeApi, tokenOf } from '../testing/fake-api.js';
import { DIGEST, OPERATION_ID, SIGN_ORDER, SIGN_ORDER_ID } from '../testing/views.js';

const token = tokenOf('orderer-1', 'orderer');
const path = `/v1/operations/${OPERATION_ID}/sign-orders`;
const right = { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' };
const MIB = 1024 * 1024;
let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => api.application.reset());

it('passes on digests and data', async () => {
  const answer = await client.post(path, { token, body: right });
  expect(answer).toMatchObject({ status: 201, body: { state: 'completed', signatures: ['AAAA'], usesConsumed: 1 } });
  expect(answer.headers.get('location')).toBe(`${path}/${SIGN_ORDER_ID}`);
  expect(api.application.only(PlaceSignOrderCommand)).toMatchObject({ operationId: OPERATION_ID, caller: { subject: 'orderer-1' }, request: { keyId: 'fw', input: { digests: [DIGEST], digestAlgorithm: 'SHA-256' }, format: null }, waitMs: 10_000 });
  api.application.reset();
  await client.post(path, { token, body: { keyId: 'fw', data: 'AAAA', signatureFormat: 'raw' } });
  expect(api.application.only(PlaceSignOrderCommand).request).toEqual({ keyId: 'fw', input: { data: 'AAAA' }, format: 'raw' });
});

it.each([['reserved', 202], ['signing', 202], ['completed', 201], ['failed', 201], ['halted', 201], ['outcome-unknown', 201]] as const)('answers an order that is %s with %i', async (state, status) => {
  api.application.on(PlaceSignOrderCommand, () => ({ ...SIGN_ORDER, state }));
  const answer = await client.post(path, { token, body: right });
  expect(answer).toMatchObject({ status, body: { state } });
  expect(answer.headers.get('location')).toBe(`${path}/${SIGN_ORDER_ID}`);
});

it.each([['respond-async', 0], ['wait=3', 3000], ['wait=0', 0], ['wait=600', 60_000], ['respond-async, wait=2', 2000], ['wait=x', 10_000], ['return=minimal', 10_000]])('with Prefer: %s waits %i ms', async (prefer, waitMs) => {
  await client.post(path, { token, body: right, headers: { prefer } });
  expect(api.application.only(PlaceSignOrderCommand).waitMs).toBe(waitMs);
});

const ofLength = (bytes: number): string => Buffer.alloc(bytes).toString('base64');
it.each<[string, unknown, readonly string[]]>([
  ['nothing to sign', { keyId: 'fw' }, ['']], ['both', { ...right, data: 'AAAA' }, ['/data']], ['digests without their algorithm', { keyId: 'fw', digests: [DIGEST] }, ['/digestAlgorithm']], ['data with an algorithm', { keyId: 'fw', data: 'AAAA', digestAlgorithm: 'SHA-256' }, ['/digestAlgorithm']],
  ['an unknown algorithm', { ...right, digestAlgorithm: 'SHA-1' }, ['/digestAlgorithm']], ['an algorithm alone', { keyId: 'fw', digestAlgorithm: 'SHA-256' }, ['']], ['no digest', { ...right, digests: [] }, ['/digests']],
  ['1,001 digests', { ...right, digests: Array.from({ length: 1001 }, () => DIGEST) }, ['/digests']], ['digests of wrong length', { ...right, digests: [DIGEST, ofLength(31), ofLength(33), ofLength(48), ''] }, ['/digests/1', '/digests/2', '/digests/3', '/digests/4']],
  ['digests of another algorithm', { ...right, digestAlgorithm: 'SHA-384' }, ['/digests/0']],
  ['what is no base64', { ...right, digests: [DIGEST.replace('=', ''), DIGEST.replaceAll('B', '-'), `${DIGEST}\n`, `${DIGEST.slice(0, -2)}d=`, 7, null] }, ['/digests/0', '/digests/1', '/digests/2', '/digests/3', '/digests/4', '/digests/5']],
  ['data that is no base64', { keyId: 'fw', data: 'AA' }, ['/data']], ['data that is none', { keyId: 'fw', data: 7 }, ['/data']], ['an unknown format', { ...right, signatureFormat: 'pem' }, ['/signatureFormat']], ['no key', { ...right, keyId: '' }, ['/keyId']],
  ['a proof of nothing', { ...right, proof: {} }, ['/proof/type', '/proof/jws']],
])('refuses %s', async (_, body, paths) => {
  const answer = await client.post(path, { token, body, wrong: true });
  expect(answer).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED' } });
  expect((answer.body as { readonly errors: readonly { readonly path: string }[] }).errors.map((e) => e.path).sort()).toEqual([...paths].sort());
  expect(api.application.asked).toEqual([]);
});

it('takes 1,000 digests, and 1 MiB of data; a byte more is 413', async () => {
  expect(await client.post(path, { token, body: { ...right, digests: Array.from({ length: 1000 }, () => DIGEST) } })).toMatchObject({ status: 201 });
  expect(await client.post(path, { token, body: { keyId: 'fw', data: ofLength(MIB) } })).toMatchObject({ status: 201 });
  expect(await client.post(path, { token, body: { keyId: 'fw', data: ofLength(MIB + 1) } })).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
  expect(await client.post(path, { token, body: { ...right, digestAlgorithm: 'SHA-512', digests: [ofLength(64)] } })).toMatchObject({ status: 201 });
});

it('leaves signing to orderers, resolving to administrators', async () => {
  for (const role of ['approver', 'administrator', 'auditor']) expect(await client.post(path, { token: tokenOf('x', role), body: right })).toMatchObject({ status: 403, body: { code: 'ROLE_REQUIRED' } });
  for (const role of ['orderer', 'approver', 'auditor']) expect(await client.post(`${path}/${SIGN_ORDER_ID}/resolution`, { token: tokenOf('x', role), body: { finding: 'signed', comment: 'c' } })).toMatchObject({ status: 403 });
});

it('lists and reads orders', async () => {
  expect(await client.get(`${path}?limit=3`, { token })).toMatchObject({ status: 200, body: { items: [{ signOrderId: SIGN_ORDER_ID }] } });
  expect(api.application.only(ListSignOrdersQuery)).toMatchObject({ operationId: OPERATION_ID, page: { limit: 3 } });
  expect(await client.get(`${path}/${SIGN_ORDER_ID}`, { token })).toMatchObject({ status: 200 });
  expect(api.application.only(GetSignOrderQuery)).toMatchObject({ operationId: OPERATION_ID, signOrderId: SIGN_ORDER_ID });
});

it('records findings: 202 after the first, 201 after the second', async () => {
  const call = { token: tokenOf('admin-1', 'administrator'), body: { finding: 'not-signed', comment: 'c' } };
  const first = await client.post(`${path}/${SIGN_ORDER_ID}/resolution`, call);
  expect(first.status).toBe(202);
  expect(first.headers.get('location')).toBe(`${path}/${SIGN_ORDER_ID}`);
  expect(api.application.only(ResolveOutcomeCommand)).toMatchObject({ signOrderId: SIGN_ORDER_ID, finding: 'not-signed', comment: 'c' });
  api.application.on(ResolveOutcomeCommand, () => ({ order: SIGN_ORDER, resolved: true }));
  expect((await client.post(`${path}/${SIGN_ORDER_ID}/resolution`, call)).status).toBe(201);
  for (const [body, at] of [[{ finding: 'lost', comment: 'c' }, '/finding'], [{ finding: 'signed', comment: '' }, '/comment'], [{ finding: 'signed' }, '/comment']] as const)
    expect(await client.post(`${path}/${SIGN_ORDER_ID}/resolution`, { ...call, body, wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: at }] } });
});
