import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createHookedService } from '#test/hooks/hooked-service.js';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, order, orderOf, request, trailOf } from '#test/system/steps.js';
import { EMBEDDED } from '#test/system/stores.js';
import type { SignOrder } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { mountSmallDisk } from './small-disk.js';
import type { SmallDisk } from './small-disk.js';

// Log, read model and ledger on one disk.
const ASYNC = { prefer: 'respond-async' };
const RECOVERS_MS = 30_000;

let disk: SmallDisk;
beforeEach(() => {
  disk = mountSmallDisk('128m');
});
afterEach(async () => {
  await Service.closeAll();
  disk.unmount();
});
const ready = (service: Service): Promise<unknown> => eventually(() => service.readiness(), ({ status }) => status === 200, RECOVERS_MS);

it('rule 11: the disk is full at the COMMIT of `started`: no C_Sign; with space again it signs without hands', async () => {
  const { service, hooks } = await createHookedService({ hsm: 'spy', dataDir: join(disk.dir, 'data') });
  await service.up();
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: 10 });
  const before = 'hold signer-1 before append signing.started.v1';
  hooks.order(before);
  const over = digests(2);
  const { body } = await order(service, operation, 'fw', over, ASYNC);
  await hooks.obeyed(before);
  disk.fill();
  hooks.order();
  await sleep(3_000);
  expect(service.spied('C_Sign')).toBe(0);
  const refused = await order(service, operation, 'fw', digests(1));
  // The ledger is on the same disk: a signer that has told so by now is what the order is refused for.
  expect([refused.status, refused.code]).toEqual([503, expect.stringMatching(/^(STORE|HSM)_UNAVAILABLE$/)]);
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
  expect(service.spied('C_Sign')).toBe(0);
  disk.free();
  const end = await ended(service, operation, body.signOrderId, RECOVERS_MS);
  expect(end.state).toBe('completed');
  expect(goodSignatures(key, over, end)).toBe(2);
  await ready(service);
  const { spent, orders } = await accountsOf(service, operation);
  expect({ spent, orders: orders.length, calls: service.spied('C_Sign') }).toEqual({ spent: 2, orders: 1, calls: 2 });
}, 90_000);

it('full while it works: every write is refused whole or done whole, reading goes on, and it recovers without hands', async () => {
  const service = await Service.create({ hsm: 'spy', stores: EMBEDDED, dataDir: join(disk.dir, 'data') });
  await service.up();
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: 100_000 });
  const answers = new Map<string, { readonly status: number; readonly code: string | undefined; readonly body: SignOrder }>();
  const inputs = new Map<string, readonly string[]>();
  let going = true;
  const clients = Array.from({ length: 4 }, async () => {
    while (going) {
      const name = randomUUID();
      const over = digests(2);
      inputs.set(name, over);
      const answer = await order(service, operation, 'fw', over, { 'idempotency-key': name, prefer: 'wait=1' }).catch(() => undefined);
      if (answer === undefined) return;
      answers.set(name, answer);
      if (answer.status === 503) await sleep(50);
    }
  });
  await sleep(700);
  disk.fill();
  const refusals = [
    // A new name each time: the first may still have been written.
    () => service.admin.post('/v1/keys', { keyId: `other-${randomUUID().slice(0, 8)}`, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } }),
    () => service.orderer.post('/v1/operations', { keyUsages: [{ keyId: 'fw', maxUsageCount: 1 }], description: 'On a full disk', validMs: 60_000 }),
    () => service.admin.put('/v1/keys/fw/approval-policy', { type: 'approvers', count: 1 }),
  ];
  // What lies in a block that is there already may still be written: it is full when nothing is.
  for (const refused of refusals) expect(await eventually(refused, ({ status }) => status === 503)).toMatchObject({ code: expect.stringMatching(/^(STORE|HSM)_UNAVAILABLE$/) });
  expect((await service.admin.get('/v1/keys/fw')).status).toBe(200);
  expect((await service.admin.get(`/v1/operations/${operation.operationId}`)).status).toBe(200);
  await sleep(2_500);
  disk.free();
  await ready(service);
  await sleep(500);
  going = false;
  await Promise.all(clients);

  const refusedOnes = [...answers].filter(([, { status }]) => status === 503);
  expect(refusedOnes.length).toBeGreaterThan(0);
  expect([...answers.values()].filter(({ status, code }) => ![201, 202].includes(status) && code !== 'STORE_UNAVAILABLE' && code !== 'HSM_UNAVAILABLE')).toEqual([]);
  // Answered "unavailable", sent again with the same key: done once.
  for (const [name] of refusedOnes.slice(0, 10)) {
    const again = await order(service, operation, 'fw', inputs.get(name) ?? [], { 'idempotency-key': name });
    expect(again.status).toBe(201);
    answers.set(name, again);
  }
  const { orders, spent } = await accountsOf(service, operation);
  const calls = service.spied('C_Sign');
  expect(calls).toBeLessThanOrEqual(spent);
  const known = new Map(orders.map((one) => [one.signOrderId, one]));
  for (const [name, { status, body }] of answers) {
    if (status !== 201 && status !== 202) continue;
    const found = known.get(body.signOrderId);
    expect({ name, known: found !== undefined }).toEqual({ name, known: true });
    if (body.state === 'completed') expect(found?.state).toBe('completed');
  }
  const last = digests(1);
  expect(goodSignatures(key, last, (await order(service, operation, 'fw', last)).body)).toBe(1);
  // Over a restart it is all the same.
  expect(await service.stop()).toMatchObject({ code: 0 });
  await service.up();
  const after = await accountsOf(service, operation);
  expect({ spent: after.spent, orders: after.orders.length }).toEqual({ spent: spent + 1, orders: orders.length + 1 });
}, 120_000);

it('read-only while it works: writes are refused and leave nothing behind, and it recovers without hands', async () => {
  const service = await Service.create({ hsm: 'spy', stores: EMBEDDED });
  await service.up();
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: 10 });
  // A file system with files that are open for writing can't be remounted; an immutable file refuses each write, also through an open handle.
  const files = readdirSync(service.dataDir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && /\.db(-wal)?$/.test(entry.name)).map((entry) => join(entry.parentPath, entry.name));
  const calls = service.spied('C_Sign');
  execFileSync('chattr', ['+i', ...files]);
  try {
    expect(await eventually(() => order(service, operation, 'fw', digests(1)), ({ status }) => status === 503)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect((await fetch(`${service.base}/healthz`)).status).toBe(200);
  } finally {
    execFileSync('chattr', ['-i', ...files]);
  }
  await ready(service);
  const over = digests(1);
  expect(goodSignatures(key, over, (await order(service, operation, 'fw', over)).body)).toBe(1);
  const { spent, orders } = await accountsOf(service, operation);
  expect({ spent, orders: orders.length, calls: service.spied('C_Sign') - calls }).toEqual({ spent: 1, orders: 1, calls: 1 });
}, 90_000);

it('a data folder that can not be written: it does not start, says so in one line, and starts when it can', async () => {
  const service = await Service.create({ stores: EMBEDDED, dataDir: join(disk.dir, 'data') });
  await service.up();
  await makeKey(service, 'fw');
  expect(await service.stop()).toMatchObject({ code: 0 });
  disk.remount('ro');
  expect(await service.upToItsEnd()).toEqual({ code: 1, signal: null });
  expect(service.errors).toMatch(/^countersign: [^\n]+\n$/);
  disk.remount('rw');
  await service.up();
  expect((await service.admin.get('/v1/keys/fw')).status).toBe(200);
});

it('rule 11: a second start on the same data folder exits 1 with one line; the first one goes on', async () => {
  const service = await Service.create({ hsm: 'spy', stores: EMBEDDED });
  await service.up();
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: 2 });
  const second = await Service.create({ stores: EMBEDDED, dataDir: service.dataDir });
  expect(await second.upToItsEnd()).toEqual({ code: 1, signal: null });
  expect(second.errors).toMatch(/^countersign: [^\n]*in use[^\n]*\n$/);
  const over = digests(1);
  const { body } = await order(service, operation, 'fw', over);
  expect(goodSignatures(key, over, body)).toBe(1);
  // Killed, it leaves no lock behind.
  await service.kill();
  await service.up();
  expect((await orderOf(service, operation, body.signOrderId)).state).toBe('completed');
  expect((await trailOf(service, operation)).length).toBeGreaterThan(0);
});
