import { Client } from 'pg';
import { violations } from '#test/histories/check-history.js';
import { Load } from '#test/histories/load.js';
import type { Client as Caller } from '#test/system/client.js';
import { Service, sleep } from '#test/system/service.js';
import { databaseServer } from '#test/system/stores.js';
import { digests, ended, eventually, goodSignatures, makeKey, order, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation, TrailEvent } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { orderBy, readinessOf, ready, startAll, storeDown, storeFault, storeWell, TWO_OF_EACH } from './deployment.js';

// What a deployment of several processes does while one of its stores is gone, slow or full, and afterwards: all of it without a restart.
const ASYNC = { prefer: 'respond-async' };
const SETTLED = 'operations.uses-settled.v1';
const SETTLE_USES = 'settle-uses';
const RESUMED_MS = 6_000;
const DOWN_MS = 30_000;
const RECOVERS_MS = 60_000;
const APIS = ['api-1', 'api-2'] as const;
const OTHERS = ['worker-1', 'worker-2', 'signer-1', 'signer-2'] as const;

let service: Service;
let key: Key;
beforeAll(async () => {
  service = await Service.create({ hsm: 'spy', processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  await startAll(service);
  key = await makeKey(service, 'fw');
}, 120_000);
afterEach(() => storeWell(service));
afterAll(Service.closeAll);

const at = (api: (typeof APIS)[number]): Caller => service.as('orderer-1', ['orderer'], {}, service.baseOf(api));
const allReady = (): Promise<void> => ready(service, ...APIS, ...OTHERS);
/** Every process that was there before is the same one. */
const pids = (): readonly number[] => service.parts.map(({ pid }) => pid);
/** Orders in the order in which they were booked, over all bookings. */
const booked = (trail: readonly TrailEvent[]): readonly string[] =>
  trail.filter(({ type }) => type === SETTLED).flatMap(({ data }) => (data['settled'] as readonly { readonly signOrderId: string }[]).map(({ signOrderId }) => signOrderId));

it('the event store is gone for 30 s: writes are refused with the time to come again, readiness says why, nothing is signed or lost, and all goes on without hands', async () => {
  const before = service.spied('C_Sign');
  const processes = pids();
  const load = await Load.start({ service, keyId: 'fw', clients: 4, bases: APIS.map((name) => service.baseOf(name)), granted: 200 });
  await sleep(1_500);
  const operation = await request(service, { fw: 5 });
  await storeDown(service, DOWN_MS);
  const down = performance.now();
  load.pause();
  for (const name of [...APIS, ...OTHERS]) {
    const told = await eventually(() => readinessOf(service, name), ({ status }) => status === 503, 15_000);
    expect(told.text).toContain('event store');
    expect((await fetch(`${service.baseOf(name)}/healthz`)).status).toBe(200);
  }
  const calls = service.spied('C_Sign');
  for (const name of APIS) {
    const began = performance.now();
    const refused = await orderBy(at(name), operation, 'fw');
    expect(refused).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE' });
    expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(performance.now() - began).toBeLessThan(20_000);
  }
  expect(service.spied('C_Sign')).toBe(calls);
  await sleep(DOWN_MS - (performance.now() - down));
  await allReady();
  load.resume();
  await sleep(1_500);
  await load.stop();
  const outcome = await load.outcome(RECOVERS_MS);
  expect(violations(load.history.entries, { ...outcome, calls: outcome.calls - before })).toEqual([]);
  expect(outcome.orders.filter(({ state }) => state !== 'completed')).toEqual([]);
  expect(pids()).toEqual(processes);
  expect((await orderBy(at('api-1'), operation, 'fw')).status).toBe(201);
}, 150_000);

it('the event store takes a second for each append: orders come to the same end, callers are answered in time, and nothing is signed twice', async () => {
  const operations = await Promise.all(Array.from({ length: 4 }, () => request(service, { fw: 10 })));
  const calls = service.spied('C_Sign');
  await storeFault(service, { on: 'append', stream: 'operation-', times: 0, action: { kind: 'slow', ms: 1_000 } });
  await storeFault(service, { on: 'append', stream: 'signOrder-', times: 0, action: { kind: 'slow', ms: 1_000 } });
  const began = performance.now();
  const impatient = operations.map((operation, n) => orderBy(at(APIS[n % 2 === 0 ? 0 : 1]), operation, 'fw', { prefer: 'wait=1' }));
  const patient = operations.map((operation, n) => orderBy(at(APIS[n % 2 === 0 ? 1 : 0]), operation, 'fw', { prefer: 'wait=30' }));
  for (const { status } of await Promise.all(impatient)) expect(status).toBe(202);
  expect(performance.now() - began).toBeLessThan(10_000);
  for (const { status, body } of await Promise.all(patient)) expect([status, body.state]).toEqual([201, 'completed']);
  // The wait of the first ones is over; what they asked for is not.
  for (const operation of operations) expect(await accountsOf(service, operation)).toMatchObject({ spent: 2, counts: { completed: 2 } });
  expect(service.spied('C_Sign') - calls).toBe(8);
}, 90_000);

it('the database of the rows is killed and comes back: signing goes on, lists say that they are not there, rows catch up and no event counts twice', async () => {
  const processes = pids();
  const operation = await request(service, { fw: 100 });
  const calls = service.spied('C_Sign');
  const database = await databaseServer();
  expect((await orderBy(at('api-1'), operation, 'fw')).status).toBe(201);
  await database.kill();
  const over = digests(2);
  for (const name of APIS) {
    const { status, body } = await orderBy(at(name), operation, 'fw', {}, over);
    expect([status, body.state, goodSignatures(key, over, body)]).toEqual([201, 'completed', 2]);
  }
  const lists = await service.auditor.get('/v1/audit/events');
  expect(lists.status).toBe(503);
  expect(lists.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  await eventually(() => readinessOf(service, 'worker-1'), ({ status }) => status === 503, 20_000);
  await database.start();
  await allReady();
  expect((await orderBy(at('api-2'), operation, 'fw')).status).toBe(201);
  expect(await accountsOf(service, operation, RECOVERS_MS)).toMatchObject({ spent: 6, counts: { completed: 4 } });
  expect(service.spied('C_Sign') - calls).toBe(6);
  const settled = booked(await eventually(() => trailOf(service, operation), (trail) => booked(trail).length >= 4, RECOVERS_MS));
  expect(new Set(settled).size).toBe(settled.length);
  expect(pids()).toEqual(processes);
}, 150_000);

it('rule 16: the database of the ledger is killed and comes back: nothing is signed without it, and what was accepted is signed afterwards', async () => {
  const processes = pids();
  const operation = await request(service, { fw: 100 });
  const ledger = await databaseServer({ durable: true });
  const calls = service.spied('C_Sign');
  await ledger.kill();
  const over = digests(2);
  const { status, body } = await orderBy(at('api-1'), operation, 'fw', ASYNC, over);
  expect(status).toBe(202);
  for (const name of ['signer-1', 'signer-2']) await eventually(() => readinessOf(service, name), (told) => told.status === 503, 30_000);
  expect(service.spied('C_Sign')).toBe(calls);
  await ledger.start();
  const end = await ended(service, operation, body.signOrderId, RECOVERS_MS);
  expect([end.state, goodSignatures(key, over, end)]).toEqual(['completed', 2]);
  await allReady();
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 3, counts: { completed: 2 } });
  expect(service.spied('C_Sign') - calls).toBe(3);
  expect(pids()).toEqual(processes);
}, 150_000);

it('a worker is paused while it books, another takes its lease and books on, the first is resumed: booked once, and what it would note is refused by its fence', async () => {
  const operation: Operation = await request(service, { fw: 100 });
  const fired = await storeFault(service, { on: 'append', type: SETTLED, action: { kind: 'slow', ms: 20_000 } });
  expect((await orderBy(at('api-1'), operation, 'fw')).body.state).toBe('completed');
  await eventually(fired, (times) => times === 1, 15_000);
  const holder = await holderOf(SETTLE_USES);
  const other = holder === 'worker-1' ? 'worker-2' : 'worker-1';
  service.part(holder).signal('SIGSTOP');
  const bookings = (count: number): Promise<readonly string[]> => eventually(async () => booked(await trailOf(service, operation)), (settled) => settled.length === count, 20_000);
  await bookings(1);
  expect(await holderOf(SETTLE_USES, other)).toBe(other);
  expect((await orderBy(at('api-2'), operation, 'fw')).body.state).toBe('completed');
  await bookings(2);
  const rows = new Client({ connectionString: service.readModel });
  await rows.connect();
  try {
    const noted = async (): Promise<bigint> => BigInt((await rows.query<{ readonly position: string }>('SELECT position FROM countersign_processes.process_checkpoint WHERE process = $1', [SETTLE_USES])).rows[0]?.position ?? '0');
    const last = BigInt((await trailOf(service, operation)).filter(({ type }) => type === 'signing.completed.v1').at(-1)?.position ?? '0');
    await eventually(noted, (position) => position >= last);
    service.part(holder).signal('SIGCONT');
    // It finds its place taken, and would note the end that it was at: the other one is past it.
    for (const until = performance.now() + RESUMED_MS; performance.now() < until; await sleep(20)) expect(await noted()).toBeGreaterThanOrEqual(last);
  } finally {
    service.part(holder).signal('SIGCONT');
    await rows.end();
  }
  await allReady();
  expect((await orderBy(at('api-2'), operation, 'fw')).status).toBe(201);
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 3, counts: { completed: 3 } });
  expect(new Set(await bookings(3)).size).toBe(3);
}, 120_000);

/** The worker that works on a subscription, as the metrics tell of those that answer. */
async function holderOf(subscription: string, ...among: readonly string[]): Promise<string> {
  for (const name of among.length > 0 ? among : ['worker-1', 'worker-2']) {
    const metrics = await (await fetch(`${service.baseOf(name)}/metrics`, { signal: AbortSignal.timeout(5_000) })).text();
    if (new RegExp(`^countersign_lease_held\\{[^}]*"${subscription}"[^}]*\\} 1$`, 'm').test(metrics)) return name;
  }
  throw new Error(`nobody holds ${subscription}`);
}
