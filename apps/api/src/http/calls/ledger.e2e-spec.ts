import { AcceptStoreCommand } from '#signing/application/accept-store/accept-store.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from '../testing/fake-api.js';
import { startFakeApi, tokenOf } from '../testing/fake-api.js';

const HEAD = '3d1b7c3e-6c1c-4f0e-9c67-9f4f2c6b8a10:42-9f86d081884c7d65';
const token = tokenOf('admin-1', 'administrator');
let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => api.application.reset());

it('rule 17: takes the head that an administrator names: 202 until a second one has, then 201', async () => {
  expect(await client.post('/v1/ledger/acceptances', { token, body: { head: HEAD, comment: 'after the fire' } })).toMatchObject({ status: 202, body: { accepted: false } });
  expect(api.application.only(AcceptStoreCommand)).toMatchObject({ head: HEAD, comment: 'after the fire', caller: { subject: 'admin-1' } });
  api.application.on(AcceptStoreCommand, () => ({ head: HEAD, storeId: 'store-1', accepted: true, by: [{ issuer: 'https://idp.example', subject: 'admin-1' }, { issuer: 'https://idp.example', subject: 'admin-2' }] }));
  expect(await client.post('/v1/ledger/acceptances', { token, body: { head: HEAD, comment: 'after the fire' } })).toMatchObject({ status: 201, body: { accepted: true } });
});

it.each([['another form', '42'], ['a stream of another kind', '../key-fw:1'], ['nothing', '']])('refuses a head of %s', async (_what, head) => {
  expect(await client.post('/v1/ledger/acceptances', { token, body: { head, comment: 'c' }, wrong: true })).toMatchObject({ status: 422, body: { code: 'VALIDATION_FAILED', errors: [{ path: '/head' }] } });
});
