import { renameSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { pkcs11Tool } from '#test/fixtures/softhsm.js';
import { Service, sleep } from '#test/system/service.js';
import type { ServiceOptions } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, operationOf, order, ordersOf, request } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';

const ASYNC = { prefer: 'respond-async' };
const WRONG_PIN = '839201746512';

let service: Service;
const create = async (options: ServiceOptions): Promise<void> => {
  service = await Service.create(options);
};
const made = async (): Promise<{ readonly key: Key; readonly operation: Operation }> => {
  await service.up();
  return { key: await makeKey(service, 'fw'), operation: await request(service, { fw: 100 }) };
};
const down = (reason: string): Promise<unknown> => eventually(() => service.readiness(), ({ status, text }) => status === 503 && text.includes(reason), 20_000);
const ready = (): Promise<unknown> => eventually(() => service.readiness(), ({ status }) => status === 200, 20_000);
const objects = (type: string): number => pkcs11Tool(service.token, '--list-objects', '--type', type).match(/^(Private|Public) Key Object/gm)?.length ?? 0;
afterEach(Service.closeAll);

it('rule 15: a wrong PIN, five restarts: one C_Login, and readiness says why; another PIN is tried again', async () => {
  await create({ hsm: 'spy' });
  service.secrets.add('PIN', WRONG_PIN);
  service.configure({ hsm: { pin: WRONG_PIN } });
  for (let start = 0; start < 6; start += 1) {
    await service.up({ ready: false });
    await down('PIN_INCORRECT');
    expect(await service.admin.post('/v1/keys', { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } })).toMatchObject({ status: 503, code: 'HSM_UNAVAILABLE' });
    if (start % 2 === 0) await service.kill();
    else expect(await service.stop()).toMatchObject({ code: 0 });
  }
  expect(service.spied('C_Login')).toBe(1);
  service.configure({});
  await made();
  expect(service.spied('C_Login')).toBe(2);
});

it.each(['after-generate', 'without-private-key', 'without-public-key'])('rule 15: killed during the generation of a key (%s): one pair, and the registration goes on', async (half) => {
  await create({ hsm: 'shim' });
  await service.up();
  service.shim.order(`die ${half}`);
  const headers = { 'idempotency-key': randomUUID() };
  const body = { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } };
  const first = service.admin.post('/v1/keys', body, headers).catch(() => undefined);
  expect(await service.exit()).toMatchObject({ signal: 'SIGKILL' });
  await first;
  service.shim.order();
  await service.up();
  await eventually(() => service.admin.get('/v1/keys/fw'), (answer) => answer.body['status'] === 'enabled', 20_000);
  const again = await service.admin.post<Key>('/v1/keys', body, headers);
  expect(again).toMatchObject({ status: 201, body: { keyId: 'fw', status: 'enabled' } });
  expect({ private: objects('privkey'), public: objects('pubkey') }).toEqual({ private: 1, public: 1 });
  const operation = await request(service, { fw: 1 });
  const over = digests(1);
  expect(goodSignatures(again.body, over, (await order(service, operation, 'fw', over)).body)).toBe(1);
});

it('rule 15: HTTP is answered while a synchronous call does not return', async () => {
  await create({ hsm: 'shim' });
  const { operation } = await made();
  service.shim.order('hold C_SignInit');
  const placed = await order(service, operation, 'fw', digests(1), ASYNC);
  await eventually(() => service.shim.calls('C_SignInit'), (n) => n > 0);
  const times: number[] = [];
  for (let i = 0; i < 60; i += 1) {
    const began = performance.now();
    const answer = await fetch(`${service.base}/healthz`);
    await answer.text();
    expect(answer.status).toBe(200);
    times.push(performance.now() - began);
    await sleep(15);
  }
  expect([...times].sort((a, b) => a - b)[54]).toBeLessThan(150);
  expect((await service.admin.get('/v1/keys')).status).toBe(200);
  expect((await order(service, operation, 'fw', digests(1), ASYNC)).status).toBe(202);
  service.shim.order();
  expect((await ended(service, operation, placed.body.signOrderId)).state).toBe('completed');
});

it('starts without its PKCS#11 module, says so, refuses to reserve, and signs once it is there', async () => {
  await create({ hsm: 'plain' });
  const { key, operation } = await made();
  expect(await service.stop()).toMatchObject({ code: 0 });
  service.configure({ hsm: { module: '/nonexistent/pkcs11.so' } });
  await service.up({ ready: false });
  await down('MODULE_MISSING');
  const refused = await order(service, operation, 'fw', digests(1));
  expect(refused).toMatchObject({ status: 503, code: 'HSM_UNAVAILABLE' });
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect((await service.readiness()).text).not.toMatch(/nonexistent/);
  expect((await operationOf(service, operation)).keyUsages[0]).toMatchObject({ usedCount: 0 });
  expect(await ordersOf(service, operation)).toEqual([]);
  expect(await service.stop()).toMatchObject({ code: 0 });
  service.configure({});
  await service.up();
  const over = digests(2);
  expect(goodSignatures(key, over, (await order(service, operation, 'fw', over)).body)).toBe(2);
});

it('loses its token and gets it back without a restart: orders are refused meanwhile, an accepted one has its end', async () => {
  await create({ hsm: 'spy' });
  const { key, operation } = await made();
  renameSync(service.token.tokens, `${service.token.tokens}.away`);
  // Accepted before anybody could know.
  const early = await order(service, operation, 'fw', digests(3), ASYNC);
  await down('HSM');
  expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 503, code: 'HSM_UNAVAILABLE' });
  renameSync(`${service.token.tokens}.away`, service.token.tokens);
  await ready();
  if (early.status === 202) {
    const end = await ended(service, operation, early.body.signOrderId, 40_000);
    expect(['completed', 'failed']).toContain(end.state);
  }
  const over = digests(1);
  expect(goodSignatures(key, over, (await order(service, operation, 'fw', over)).body)).toBe(1);
  const { spent } = await accountsOf(service, operation);
  expect(service.spied('C_Sign')).toBeLessThanOrEqual(spent);
}, 90_000);

it('a key deleted in the token: the order failed, its uses are back, other keys sign', async () => {
  await create({ hsm: 'spy' });
  const { operation } = await made();
  const other = await makeKey(service, 'other');
  const more = await request(service, { other: 1 });
  const over = digests(1);
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  for (const type of ['privkey', 'pubkey']) pkcs11Tool(service.token, '--delete-object', '--type', type, '--label', 'fw');
  const calls = service.spied('C_Sign');
  const { body } = await order(service, operation, 'fw', digests(4));
  expect(await ended(service, operation, body.signOrderId, 40_000)).toMatchObject({ state: 'failed', usesConsumed: 0, failure: { code: 'KEY_MISSING_IN_HSM' } });
  await eventually(() => operationOf(service, operation), ({ keyUsages }) => keyUsages[0]?.usedCount === 1);
  expect(service.spied('C_Sign')).toBe(calls);
  expect(goodSignatures(other, over, (await order(service, more, 'other', over)).body)).toBe(1);
}, 90_000);
