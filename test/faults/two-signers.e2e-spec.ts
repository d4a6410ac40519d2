import { createHookedService } from '#test/hooks/hooked-service.js';
import type { Hooks } from '#test/hooks/hooked-service.js';
import type { Answer } from '#test/system/client.js';
import { Service, sleep } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, operationOf, order, orderOf, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation, SignOrder, TrailEvent } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';

// Signers that are several: in one process, over one open log, one ledger and one token, held by hooks.
const SOON = { prefer: 'wait=1' };
const ASYNC = { prefer: 'respond-async' };
const CKR_FUNCTION_NOT_SUPPORTED = '0x54';
const HEARTBEAT_MS = 5_000;
const HEARTBEAT_SILENT_MS = 30_000;

let service: Service;
let hooks: Hooks;
let key: Key;
let operation: Operation;
beforeEach(async () => {
  ({ service, hooks } = await createHookedService({ hsm: 'spy+shim' }));
  await service.up();
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: 100_000 });
});
afterEach(Service.closeAll);

/** Types of the events of an order, once there are so many: lists follow within a second. */
const typesOf = (signOrderId: string, atLeast: number): Promise<readonly string[]> =>
  eventually(async () => (await trailOf(service, operation)).filter(({ stream }) => stream === `signOrder-${signOrderId}`).map(({ type }) => type), (types) => types.length >= atLeast, 15_000);
/** Orders that have been booked. */
const settled = (trail: readonly TrailEvent[]): readonly unknown[] => trail.filter(({ type }) => type === 'operations.uses-settled.v1').flatMap(({ data }) => data['settled'] as readonly unknown[]);
const signersOf = async (one: Operation): Promise<ReadonlySet<unknown>> => new Set((await trailOf(service, one)).filter(({ type }) => type === 'signing.started.v1').map(({ data }) => data['signer']));

it('signs nothing while its subscription stands still, and what was ordered meanwhile when it goes on: the saga is no in-process bus', async () => {
  hooks.order('hold signer-1 before subscription');
  const over = digests(3);
  const answer = await order(service, operation, 'fw', over, SOON);
  expect(answer).toMatchObject({ status: 202, body: { state: 'reserved' } });
  expect(answer.headers.get('location')).toBe(`/v1/operations/${operation.operationId}/sign-orders/${answer.body.signOrderId}`);
  await sleep(500);
  expect((await orderOf(service, operation, answer.body.signOrderId)).state).toBe('reserved');
  expect(service.spied('C_Sign')).toBe(0);
  hooks.order();
  const order1 = await ended(service, operation, answer.body.signOrderId);
  expect(order1.state).toBe('completed');
  expect(goodSignatures(key, over, order1)).toBe(3);
  expect(service.spied('C_Sign')).toBe(3);
});

it('rule 1: signer 1 paused after its `started` was acknowledged, signer 2 started, signer 1 resumed: one C_Sign', async () => {
  const after = 'hold signer-1 after append signing.started.v1';
  hooks.order(after);
  const over = digests(1);
  const { body } = await order(service, operation, 'fw', over, SOON);
  await hooks.obeyed(after);
  hooks.order(after, 'start signer-2');
  // Signer 2 works: what ends now it has signed, while signer 1 is held at each of its own.
  const others: Answer<SignOrder>[] = [];
  const moreOrders = async (): Promise<readonly string[]> => {
    others.push(await order(service, operation, 'fw', digests(1), SOON));
    return Promise.all(others.map(async (other) => (await orderOf(service, operation, other.body.signOrderId)).state));
  };
  await eventually(moreOrders, (states) => states.includes('completed'), 30_000);
  expect((await orderOf(service, operation, body.signOrderId)).state).toBe('signing');
  hooks.order('start signer-2');
  const order1 = await ended(service, operation, body.signOrderId);
  expect(goodSignatures(key, over, order1)).toBe(1);
  for (const other of others) expect((await ended(service, operation, other.body.signOrderId)).state).toBe('completed');
  expect(service.spied('C_Sign')).toBe(1 + others.length);
  expect(await typesOf(body.signOrderId, 2)).toEqual(['signing.started.v1', 'signing.completed.v1']);
  expect(await signersOf(operation)).toEqual(new Set(['signer-1', 'signer-2']));
});

it('rule 1: two signers before the same `started`: the one that comes second signs nothing, though the first has not signed yet', async () => {
  const before = 'hold signer-1 before append signing.started.v1';
  const after = 'hold signer-2 after append signing.started.v1';
  hooks.order(before);
  const { body } = await order(service, operation, 'fw', digests(2), ASYNC);
  await hooks.obeyed(before);
  hooks.order(before, after, 'start signer-2');
  await hooks.obeyed(after);
  hooks.order(after, 'start signer-2');
  await sleep(500);
  expect(service.spied('C_Sign')).toBe(0);
  expect((await orderOf(service, operation, body.signOrderId)).state).toBe('signing');
  hooks.order('start signer-2');
  expect((await ended(service, operation, body.signOrderId)).state).toBe('completed');
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  expect(service.spied('C_Sign')).toBe(3);
  expect(await typesOf(body.signOrderId, 2)).toEqual(['signing.started.v1', 'signing.completed.v1']);
});

it('rule 1: the whole process paused after `started` and resumed: one C_Sign', async () => {
  const after = 'hold signer-1 after append signing.started.v1';
  hooks.order(after);
  const { body } = await order(service, operation, 'fw', digests(1), ASYNC);
  await hooks.obeyed(after);
  service.pause();
  hooks.order();
  await sleep(2_500);
  expect(service.spied('C_Sign')).toBe(0);
  service.resume();
  expect((await ended(service, operation, body.signOrderId)).state).toBe('completed');
  expect(service.spied('C_Sign')).toBe(1);
  expect(await typesOf(body.signOrderId, 2)).toEqual(['signing.started.v1', 'signing.completed.v1']);
});

it('rule 2: signer 1 held before `started`, signer 2 fails the order, signer 1 resumed: no C_Sign, one return', async () => {
  const before = 'hold signer-1 before append signing.started.v1';
  hooks.order(before);
  const { body } = await order(service, operation, 'fw', digests(5), ASYNC);
  await hooks.obeyed(before);
  // Signer 1 has its key; signer 2 is refused it.
  service.shim.order(`fail C_FindObjectsInit ${CKR_FUNCTION_NOT_SUPPORTED}`);
  hooks.order(before, 'start signer-2');
  expect(await ended(service, operation, body.signOrderId)).toMatchObject({ state: 'failed', usesConsumed: 0, failure: { code: 'HSM_REFUSED' } });
  service.shim.order();
  hooks.order();
  await eventually(() => operationOf(service, operation), ({ keyUsages }) => keyUsages[0]?.usedCount === 0);
  await sleep(1_000);
  expect(service.spied('C_Sign')).toBe(0);
  expect(await typesOf(body.signOrderId, 1)).toEqual(['signing.failed.v1']);
  expect((await trailOf(service, operation)).filter(({ type }) => type === 'operations.uses-returned.v1')).toHaveLength(1);
  expect((await operationOf(service, operation)).keyUsages[0]).toMatchObject({ usedCount: 0, remainingCount: 100_000 });
  expect((await order(service, operation, 'fw', digests(1))).body.state).toBe('completed');
  expect(service.spied('C_Sign')).toBe(1);
});

it('rules 9 and 18: signer 2 starts while signer 1 works under load: none unknown, and both work', async () => {
  // Each operation is one signer's turn: of so many both have some.
  const operations = await Promise.all(Array.from({ length: 12 }, () => request(service, { fw: 100_000 })));
  let going = true;
  const placed = new Map<Operation, number>();
  const load = operations.map(async (one) => {
    while (going) {
      placed.set(one, (placed.get(one) ?? 0) + 1);
      expect((await order(service, one, 'fw', digests(2))).body.state).toBe('completed');
    }
  });
  await sleep(500);
  hooks.order('start signer-2');
  await sleep(HEARTBEAT_MS);
  // Each has heard the other one's heartbeat when an operation made now is the second one's.
  let probes = 0;
  const newOne = async (): Promise<ReadonlySet<unknown>> => {
    probes += 1;
    const probe = await request(service, { fw: 1 });
    expect((await order(service, probe, 'fw', digests(1))).body.state).toBe('completed');
    return eventually(() => signersOf(probe), ({ size }) => size > 0, 15_000);
  };
  await eventually(newOne, (signers) => signers.has('signer-2'), 40_000);
  await sleep(1_000);
  going = false;
  await Promise.all(load);
  let spentInAll = 0;
  for (const one of operations) {
    const { counts, spent } = await accountsOf(service, one);
    expect(counts).toEqual({ completed: placed.get(one) });
    spentInAll += spent;
  }
  expect(service.spied('C_Sign')).toBe(spentInAll + probes);
  expect(new Set((await Promise.all(operations.map(signersOf))).flatMap((names) => [...names]))).toEqual(new Set(['signer-1', 'signer-2']));
}, 90_000);

it('rules 8 and 9: signer 1 gone for ever: all final within 45 s; when it wakes up nevertheless it hands nothing out', async () => {
  const signed = 'hold signer-1 before ledger signatures';
  const started = 'hold signer-1 after append signing.started.v1';
  hooks.order(signed);
  const first = await order(service, operation, 'fw', digests(2), ASYNC);
  await hooks.obeyed(signed);
  hooks.order(signed, started);
  const second = await order(service, operation, 'fw', digests(1), ASYNC);
  await hooks.obeyed(started);
  hooks.order('hold signer-1', 'start signer-2');
  const gone = performance.now();
  const third = await order(service, operation, 'fw', digests(1));
  expect(third.body.state).toBe('completed');
  const unknown = { state: 'outcome-unknown', failure: { code: 'OUTCOME_UNKNOWN' } };
  for (const { body } of [first, second]) expect(await ended(service, operation, body.signOrderId, 45_000)).toMatchObject(unknown);
  const took = performance.now() - gone;
  expect(took).toBeGreaterThan(HEARTBEAT_SILENT_MS - 6_000);
  expect(took).toBeLessThan(45_000);
  expect(service.spied('C_Sign')).toBe(3);
  await eventually(() => trailOf(service, operation), (trail) => settled(trail).length === 3);

  hooks.order('start signer-2');
  expect(await typesOf(first.body.signOrderId, 3)).toEqual(['signing.started.v1', 'signing.outcome-unknown.v1', 'signing.late-outcome.v1']);
  expect(await orderOf(service, operation, first.body.signOrderId)).toMatchObject({ ...unknown, signatures: [null, null], usesConsumed: 2 });
  // The other one had the lock and no C_Sign yet: the leader says that its uses are spent, so it does nothing any more.
  await sleep(1_000);
  expect(await typesOf(second.body.signOrderId, 2)).toEqual(['signing.started.v1', 'signing.outcome-unknown.v1']);
  expect(service.spied('C_Sign')).toBe(3);
  expect((await operationOf(service, operation)).keyUsages[0]?.usedCount).toBe(4);
}, 90_000);
