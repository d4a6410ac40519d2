import { join } from 'node:path';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, order, request } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { readinessOf, ready, startAll } from './deployment.js';
import { mountSmallDisk } from './small-disk.js';
import type { SmallDisk } from './small-disk.js';

// A deployment of several processes whose own folders, the signer's ledger among them, lie on a disk that is full. The event store and the database have theirs.
const ASYNC = { prefer: 'respond-async' };
const RECOVERS_MS = 60_000;
/** Digests of an order, so that the ledger soon needs another block. */
const MANY = 50;

let disk: SmallDisk;
beforeEach(() => {
  disk = mountSmallDisk('128m');
});
afterEach(async () => {
  await Service.closeAll();
  disk.unmount();
});

it('rule 16: nothing is signed while the ledger has no room, what was accepted comes to its end when it has, and no process needs a hand', async () => {
  const config = { dataDir: join(disk.dir, 'data'), signer: { ledger: join(disk.dir, 'ledger') } };
  const service = await Service.create({ hsm: 'spy', processes: { api: 2, worker: 2, signer: 1 }, stores: { eventStore: 'esdb', readModel: 'postgres' }, config });
  await startAll(service);
  const processes = service.parts.map(({ pid }) => pid);
  const key = await makeKey(service, 'fw');
  const operation = await request(service, { fw: 100_000 });
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  const calls = service.spied('C_Sign');
  // What lies in a block that is there already may still be written, and what others shorten is free again: it is full when the signer says so.
  const waiting: { readonly over: readonly string[]; readonly signOrderId: string }[] = [];
  await eventually(async () => {
    disk.fill();
    const over = digests(MANY);
    const { status, body } = await order(service, operation, 'fw', over, ASYNC);
    if (status === 202) waiting.push({ over, signOrderId: body.signOrderId });
    await sleep(200);
    return readinessOf(service, 'signer-1');
  }, ({ status, text }) => status === 503 && text.includes('the disk of the ledger is full'), 30_000);
  await sleep(500);
  const signed = service.spied('C_Sign');
  const last = digests(MANY);
  const { status, body } = await order(service, operation, 'fw', last, ASYNC);
  expect([202, 503]).toContain(status);
  if (status === 202) waiting.push({ over: last, signOrderId: body.signOrderId });
  await sleep(3_000);
  expect(service.spied('C_Sign')).toBe(signed);
  // Reading goes on.
  for (const name of ['api-1', 'api-2']) expect((await service.as('admin-1', ['administrator'], {}, service.baseOf(name)).get('/v1/keys/fw')).status).toBe(200);
  disk.free();
  let completed = 0;
  for (const { over, signOrderId } of waiting) {
    const end = await ended(service, operation, signOrderId, RECOVERS_MS);
    if (end.state === 'completed') {
      expect(goodSignatures(key, over, end)).toBe(MANY);
      completed += 1;
      // One that had started when the ledger had no room left: its uses are free again.
    } else expect(end).toMatchObject({ state: 'failed', usesConsumed: 0, failure: { code: 'HSM_UNAVAILABLE' } });
  }
  await ready(service, ...service.parts.map(({ name }) => name));
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 2 + MANY * completed, counts: { completed: 2 + completed } });
  expect(service.spied('C_Sign') - calls).toBe(1 + MANY * completed);
  expect(service.parts.map(({ pid }) => pid)).toEqual(processes);
}, 150_000);
