import { randomUUID } from 'node:crypto';
import { violations } from '#test/histories/check-history.js';
import { Load } from '#test/histories/load.js';
import type { Client } from '#test/system/client.js';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, FINAL_STATES, goodSignatures, makeKey, operationOf, order, orderOf, ordersOf, request, trailOf, twoOfGroup } from '#test/system/steps.js';
import type { Key, Operation, TrailEvent } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';
import { eventsOf, orderBy, otherSigner, ownShim, ready, restart, startAll, storeFault, storeWell, TWO_OF_EACH } from './deployment.js';
import type { OwnShim } from './deployment.js';

// The interleavings of the rules again, between two processes of each kind. What holds one of them is SIGSTOP, the event store or the token.
const ASYNC = { prefer: 'respond-async' };
const CKR_FUNCTION_NOT_SUPPORTED = '0x54';
const STARTED = 'signing.started.v1';
/** A paused signer is not silent yet: shorter than what rule 9 asks for. */
const PAUSED_MS = 3_000;
/** How late the processes hear of a key. */
const LATE_MS = 800;
const ROUNDS = 3;
const SESSIONS = 4;
const ALL_FINAL_MS = 45_000;

let service: Service;
let key: Key;
let shims: Readonly<Record<string, OwnShim>>;
/** The same callers at either api. */
const orderers: Client[] = [];
const admins: Client[] = [];
const shimOf = (name: string): OwnShim => shims[name] ?? fail(name);
const fail = (name: string): never => {
  throw new Error(`${name} has no shim`);
};
const envOf = (name: string): Readonly<Record<string, string>> => shims[name]?.env ?? {};

beforeAll(async () => {
  service = await Service.create({ hsm: 'spy+shim', sessions: SESSIONS, processes: TWO_OF_EACH, stores: { eventStore: 'esdb', readModel: 'postgres' } });
  shims = { 'signer-1': ownShim(service, 'signer-1'), 'signer-2': ownShim(service, 'signer-2') };
  await startAll(service, envOf);
  for (const base of [service.baseOf('api-1'), service.baseOf('api-2')]) {
    orderers.push(service.as('orderer-1', ['orderer'], {}, base));
    admins.push(service.as('admin-1', ['administrator'], {}, base));
  }
  key = await makeKey(service, 'fw');
}, 120_000);
afterEach(() => storeWell(service));
afterAll(Service.closeAll);

const at = <T>(list: readonly T[], n: number): T => {
  const one = list[n];
  if (one === undefined) throw new Error(`nothing at ${n}`);
  return one;
};
/** Who has written `started`, as soon as it is told. */
const starterOf = async (operation: Operation, signOrderId: string): Promise<string> => at(await eventsOf(service, operation, signOrderId, 1), 0).signer;

describe.each(['while the answer to its `started` is on its way', 'between the answer to its `started` and C_Sign'] as const)('a signer that is paused %s', (when) => {
  it('rule 1: the other one starts anew and signs what else there is, the first is resumed: one C_Sign', async () => {
    const operation = await request(service, { fw: 100 });
    const calls = service.spied('C_Sign');
    const inits = service.shim.calls('C_SignInit');
    const answered = when.startsWith('between');
    if (answered) for (const shim of Object.values(shims)) shim.order('hold C_SignInit');
    else await storeFault(service, { on: 'append', type: STARTED, action: { kind: 'delay', ms: 2_500 } });
    const over = digests(2);
    const { body } = await order(service, operation, 'fw', over, ASYNC);
    const first = await starterOf(operation, body.signOrderId);
    if (answered) await eventually(() => service.shim.calls('C_SignInit'), (seen) => seen > inits);
    service.part(first).signal('SIGSTOP');
    for (const shim of Object.values(shims)) shim.order();
    const second = otherSigner(first);
    // For longer than a recheck holds.
    await sleep(1_500);
    await restart(service, second, envOf(second));
    const others = await Promise.all(Array.from({ length: 4 }, () => order(service, operation, 'fw', digests(1), ASYNC)));
    for (const other of others) expect((await ended(service, operation, other.body.signOrderId)).state).toBe('completed');
    expect((await orderOf(service, operation, body.signOrderId)).state).toBe('signing');
    expect(service.spied('C_Sign') - calls).toBe(4);
    service.part(first).signal('SIGCONT');
    const end = await ended(service, operation, body.signOrderId);
    expect(end.state).toBe('completed');
    expect(goodSignatures(key, over, end)).toBe(2);
    expect(await eventsOf(service, operation, body.signOrderId, 2)).toEqual([{ type: STARTED, signer: first }, { type: 'signing.completed.v1', signer: first }]);
    expect(await accountsOf(service, operation)).toMatchObject({ spent: 6, counts: { completed: 5 } });
    expect(service.spied('C_Sign') - calls).toBe(6);
  }, 90_000);
});

it('rule 2: a signer paused with its `started` under way, the other one fails the order, the first is resumed: no C_Sign, one return', async () => {
  const operation = await request(service, { fw: 100 });
  const calls = service.spied('C_Sign');
  await service.part('signer-2').kill();
  const fired = await storeFault(service, { on: 'append', type: STARTED, action: { kind: 'slow', ms: 60_000 } });
  const { body } = await order(service, operation, 'fw', digests(5), ASYNC);
  await eventually(fired, (times) => times === 1, 15_000);
  service.part('signer-1').signal('SIGSTOP');
  // The first one was shown its key; the other one is refused it.
  shimOf('signer-2').order(`fail C_FindObjectsInit ${CKR_FUNCTION_NOT_SUPPORTED}`);
  service.start('signer-2', { env: envOf('signer-2') });
  expect(await ended(service, operation, body.signOrderId, 60_000)).toMatchObject({ state: 'failed', usesConsumed: 0, failure: { code: 'HSM_REFUSED' } });
  shimOf('signer-2').order();
  service.part('signer-1').signal('SIGCONT');
  await eventually(() => operationOf(service, operation), ({ keyUsages }) => keyUsages[0]?.usedCount === 0);
  // The resumed one asks again what became of its `started`.
  await sleep(PAUSED_MS);
  expect(service.spied('C_Sign') - calls).toBe(0);
  expect(await eventsOf(service, operation, body.signOrderId, 1)).toEqual([{ type: 'signing.failed.v1', signer: 'signer-2' }]);
  expect((await trailOf(service, operation)).filter(({ type }) => type === 'operations.uses-returned.v1')).toHaveLength(1);
  await ready(service, 'signer-1', 'signer-2');
  expect((await order(service, operation, 'fw', digests(100))).body.state).toBe('completed');
  expect(service.spied('C_Sign') - calls).toBe(100);
}, 120_000);

it('rule 3: the same Idempotency-Key of an approver and an administrator at the same instant, through two apis: both acts are in the trail', async () => {
  await makeKey(service, 'two', { approvalPolicy: twoOfGroup });
  const [ana, ben] = ['approver-1', 'approver-2'].map((name, n) => service.as(name, ['approver'], { groups: ['firmware-approvers'] }, service.baseOf(`api-${n + 1}`)));
  if (ana === undefined || ben === undefined) throw new Error('there are two approvers');
  for (let n = 0; n < 8; n += 1) {
    const operation = await request(service, { two: 1 });
    const headers = { 'idempotency-key': `shared-${n}` };
    const decide = (who: Client): ReturnType<Client['post']> => who.post(`/v1/operations/${operation.operationId}/decisions`, { decision: 'approve', requestDigest: operation.requestDigest }, headers);
    const acts = await Promise.all([decide(ana), decide(ben), at(admins, n % 2).post(`/v1/operations/${operation.operationId}/revocation`, { reason: 'At the same instant' }, headers)]);
    const [first, second, revoked] = acts;
    expect(revoked?.status).toBe(201);
    for (const answer of [first, second]) expect([201, 409]).toContain(answer?.status);
    const given = [first, second].filter((answer) => answer?.status === 201).length;
    const trail = await eventually(() => trailOf(service, operation), (events) => events.some(({ type }) => type === 'operations.revoked.v1'));
    expect(trail.filter(({ type }) => type === 'operations.approval-given.v1')).toHaveLength(given);
    expect(trail.filter(({ type }) => type === 'operations.revoked.v1')).toHaveLength(1);
    // Asked again, through the other api, each gets what he got, or is refused anew.
    const again = await at(admins, (n + 1) % 2).post(`/v1/operations/${operation.operationId}/revocation`, { reason: 'At the same instant' }, headers);
    expect(again.status).toBe(201);
    expect((await trailOf(service, operation)).filter(({ type }) => type === 'operations.revoked.v1')).toHaveLength(1);
  }
}, 60_000);

it('rule 3: one order sent through two apis at the same instant, some with the answer of the store lost: one reservation, one signature each', async () => {
  const operation = await request(service, { fw: 100 });
  const calls = service.spied('C_Sign');
  for (let n = 0; n < 10; n += 1) {
    const headers = { 'idempotency-key': randomUUID(), prefer: 'wait=10' };
    const over = digests(1);
    if (n % 2 === 1) await storeFault(service, { on: 'append', type: 'operations.uses-reserved.v1', action: { kind: 'cut', when: 'after-commit' } });
    const answers = await Promise.all([0, 1, 0, 1].map((api) => orderBy(at(orderers, api), operation, 'fw', headers, over)));
    expect(new Set(answers.map(({ status, body: { signOrderId, signatures } }) => JSON.stringify([status, signOrderId, signatures])))).toHaveProperty('size', 1);
    expect(answers[0]).toMatchObject({ status: 201, body: { state: 'completed' } });
    // Another body under the same key is refused by either of them.
    for (const who of orderers) expect((await orderBy(who, operation, 'fw', headers)).code).toBe('IDEMPOTENCY_KEY_REUSED');
  }
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 10, counts: { completed: 10 } });
  expect(service.spied('C_Sign') - calls).toBe(10);
}, 60_000);

it('rule 13: a key switched off and on through one api, while what the other hears of it comes late: neither decides by what it remembers', async () => {
  await makeKey(service, 'switched');
  const operation = await request(service, { switched: 100 });
  const calls = service.spied('C_Sign');
  const [first, second] = [at(admins, 0), at(admins, 1)];
  const [orders1, orders2] = [at(orderers, 0), at(orderers, 1)];
  // Both remember it as it is now.
  for (const who of [orders1, orders2]) expect((await orderBy(who, operation, 'switched')).status).toBe(201);
  await storeFault(service, { on: 'event', stream: 'key-switched', times: 0, action: { kind: 'delay', ms: LATE_MS } });
  const turn = (who: Client, to: 'enable' | 'disable'): Promise<{ readonly status: number }> => who.post(`/v1/keys/switched/${to}`, { reason: 'A test' });
  const asks = (who: Client): Promise<{ readonly status: number; readonly code: string | undefined }> => who.post('/v1/operations', { keyUsages: [{ keyId: 'switched', maxUsageCount: 1 }], description: 'A request of a test', validMs: 60_000 });
  for (let n = 0; n < ROUNDS; n += 1) {
    // Answered when the lists know what was under way: later than the other api is asked here.
    const off = turn(first, 'disable');
    await eventually(() => first.get<Key>('/v1/keys/switched'), ({ body }) => body.status === 'disabled');
    const [behind, asked] = await Promise.all([orderBy(orders2, operation, 'switched', ASYNC), asks(orders2)]);
    expect([asked.code, behind.code]).toEqual(['KEY_DISABLED', 'KEY_DISABLED']);
    // Already so.
    expect((await turn(second, 'disable')).status).toBe(200);
    expect((await off).status).toBe(200);
    expect((await turn(second, 'enable')).status).toBe(200);
    const [again, askedAgain] = await Promise.all([orderBy(orders1, operation, 'switched', ASYNC), asks(orders1)]);
    expect([again.status, askedAgain.status]).toEqual([202, 201]);
    expect((await turn(first, 'enable')).status).toBe(200);
    expect((await ended(service, operation, again.body.signOrderId)).state).toBe('completed');
  }
  // What a request takes from its key is the key's as it is now.
  for (const [n, count] of [1, 2, 3].entries()) {
    const policy = { type: 'approvers', count, group: 'firmware-approvers' };
    expect((await at(admins, n % 2).put('/v1/keys/switched/approval-policy', policy)).status).toBe(200);
    const asked = await request(service, { switched: 1 }, {}, at(orderers, (n + 1) % 2));
    expect(JSON.stringify(asked)).toContain(`"count":${count}`);
  }
  await storeWell(service);
  const types = await eventually(async () => (await service.auditor.get<{ readonly items: readonly TrailEvent[] }>('/v1/audit/events?keyId=switched&limit=200')).body.items.map(({ type }) => type), (seen) => seen.filter((type) => type === 'keys.enabled.v1').length >= ROUNDS, 15_000);
  // What was so already made no event.
  expect(types.filter((type) => type === 'keys.enabled.v1' || type === 'keys.disabled.v1')).toEqual(Array.from({ length: 2 * ROUNDS }, (_, i) => (i % 2 === 0 ? 'keys.enabled.v1' : 'keys.disabled.v1')));
  expect(await accountsOf(service, operation)).toMatchObject({ spent: 2 + ROUNDS, counts: { completed: 2 + ROUNDS } });
  expect(service.spied('C_Sign') - calls).toBe(2 + ROUNDS);
}, 90_000);

it('rules 1, 2 and 9: a signer that starts while another works under load calls nothing unknown; one that is gone leaves nothing without an end for longer than 45 s, and hands nothing out when it comes back', async () => {
  await service.part('signer-2').kill();
  const bases = ['api-1', 'api-2'].map((name) => service.baseOf(name));
  const before = service.spied('C_Sign');
  // Each operation is one signer's turn: of so many both have some.
  const load = await Load.start({ service, keyId: 'fw', clients: 6, bases, granted: 25 });
  await sleep(500);
  service.start('signer-2', { env: envOf('signer-2') });
  await ready(service, 'signer-2');
  const starters = async (): Promise<readonly string[]> => (await trailOf(service, at(load.operations, load.operations.length - 1))).filter(({ type }) => type === STARTED).map(({ data }) => String(data['signer']));
  for (const name of ['signer-1', 'signer-2']) await eventually(starters, (names) => names.includes(name), 30_000);
  const orders = async (): Promise<readonly { readonly operation: Operation; readonly signOrderId: string; readonly state: string }[]> =>
    (await Promise.all(load.operations.map(async (operation) => (await ordersOf(service, operation)).map(({ signOrderId, state }) => ({ operation, signOrderId, state }))))).flat();
  expect((await orders()).filter(({ state }) => state === 'outcome-unknown')).toEqual([]);

  // Gone in the midst of C_Sign, with all that it has started.
  shimOf('signer-1').order('hold 1');
  const signing = async (): Promise<readonly string[]> => (await orders()).filter(({ state }) => state === 'signing').map(({ signOrderId }) => signOrderId);
  const held = async (): Promise<readonly string[]> => {
    const earlier = await signing();
    await sleep(1_000);
    return (await signing()).filter((signOrderId) => earlier.includes(signOrderId));
  };
  await eventually(held, (some) => some.length > 0, 30_000);
  service.part('signer-1').signal('SIGSTOP');
  shimOf('signer-1').order();
  const gone = performance.now();
  await load.stop();
  const left = (await orders()).filter(({ state }) => !FINAL_STATES.includes(state));
  for (const { operation, signOrderId } of left) await ended(service, operation, signOrderId, ALL_FINAL_MS - (performance.now() - gone));
  const took = performance.now() - gone;
  service.part('signer-1').signal('SIGCONT');
  await ready(service, 'signer-1');
  expect(took).toBeLessThan(ALL_FINAL_MS);
  const outcome = await load.outcome(30_000);
  expect(violations(load.history.entries, { ...outcome, calls: outcome.calls - before })).toEqual([]);
  const unknown = outcome.orders.filter(({ state }) => state === 'outcome-unknown');
  expect(unknown.length).toBeGreaterThan(0);
  expect(unknown.length).toBeLessThanOrEqual(SESSIONS);
  // What it had signed it tells, and nobody is given it.
  const late = (await eventually(async () => (await Promise.all(load.operations.map((operation) => trailOf(service, operation)))).flat().filter(({ type }) => type === 'signing.late-outcome.v1'), (events) => events.length > 0, 15_000));
  expect(late.every(({ stream }) => unknown.some(({ signOrderId }) => stream === `signOrder-${signOrderId}`))).toBe(true);
  for (const { signatures = [] } of unknown) expect(signatures.filter((signature) => signature !== null)).toEqual([]);
  process.stdout.write(`signer gone: ${unknown.length} of ${outcome.orders.length} orders unknown, all final after ${Math.round(took / 100) / 10} s\n`);
}, 180_000);
