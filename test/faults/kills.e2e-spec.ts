import { randomUUID } from 'node:crypto';
import { createHookedService } from '#test/hooks/hooked-service.js';
import type { Hooks } from '#test/hooks/hooked-service.js';
import { Service } from '#test/system/service.js';
import { digests, eventually, goodSignatures, makeKey, order, orderOf, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';

// kill -9 of the real process at each step of signing, by a hook, by the PKCS#11 shim, or from outside while a call is held.
interface Step {
  readonly name: string;
  readonly hook?: string;
  readonly shim?: string;
  /** C_Sign calls that the spy sees for an order of three. */
  readonly calls: number;
  readonly end: 'completed' | 'outcome-unknown';
}
const COUNT = 3;
const STEPS: readonly Step[] = [
  { name: 'before `started` is appended', hook: 'die signer-1 before append signing.started.v1', calls: 3, end: 'completed' },
  { name: 'after `started` is durable, before the signer has its answer', hook: 'die signer-1 after append signing.started.v1', calls: 0, end: 'outcome-unknown' },
  { name: 'before the intent', hook: 'die signer-1 before ledger intend', calls: 0, end: 'outcome-unknown' },
  { name: 'after the intent', hook: 'die signer-1 after ledger intend', calls: 0, end: 'outcome-unknown' },
  { name: 'in the first C_Sign, before it signs', shim: 'die-before-sign 1', calls: 1, end: 'outcome-unknown' },
  { name: 'in the second C_Sign, after it signed', shim: 'die-after-sign 2', calls: 2, end: 'outcome-unknown' },
  { name: 'while C_Sign does not return', shim: 'hold 1', calls: 1, end: 'outcome-unknown' },
  { name: 'after C_Sign, before the ledger has the signatures', hook: 'die signer-1 before ledger signatures', calls: 3, end: 'outcome-unknown' },
  { name: 'after the ledger has the signatures', hook: 'die signer-1 after ledger signatures', calls: 3, end: 'completed' },
  { name: 'before `completed` is durable', hook: 'die signer-1 before append signing.completed.v1', calls: 3, end: 'completed' },
  { name: 'after `completed` is durable, before the answer', hook: 'die signer-1 after append signing.completed.v1', calls: 3, end: 'completed' },
];

let service: Service;
let hooks: Hooks;
let key: Key;
let operation: Operation;
beforeAll(async () => {
  ({ service, hooks } = await createHookedService({ hsm: 'spy+shim' }));
  await service.up();
  key = await makeKey(service, 'fw');
  operation = await request(service, { fw: COUNT * (STEPS.length + 1) });
});
afterAll(Service.closeAll);

describe('kill -9', () => {
  it.each(STEPS)('$name: at most one C_Sign a use, the order reaches its end, a retry gives the same', async ({ hook, shim, calls, end }) => {
    const before = service.spied('C_Sign');
    const over = digests(COUNT);
    const headers = { 'idempotency-key': randomUUID() };
    hooks.order(...(hook === undefined ? [] : [hook]));
    service.shim.order(...(shim === undefined ? [] : [shim]));
    const first = order(service, operation, 'fw', over, headers).catch(() => undefined);
    if (shim?.startsWith('hold') === true) {
      await eventually(() => service.spied('C_Sign'), (seen) => seen > before);
      await service.kill();
    }
    expect(await service.exit()).toMatchObject({ signal: 'SIGKILL' });
    const answered = await first;
    hooks.order();
    service.shim.order();
    await service.up();

    const retried = await order(service, operation, 'fw', over, headers);
    const { signOrderId } = retried.body;
    if (answered !== undefined) expect(answered.body).toEqual(retried.body);
    await accountsOf(service, operation);
    const found = await orderOf(service, operation, signOrderId);
    expect(found.state).toBe(end);
    expect(found.usesConsumed).toBe(COUNT);
    expect(service.spied('C_Sign') - before).toBe(calls);
    if (end === 'completed') expect(goodSignatures(key, over, found)).toBe(COUNT);
    else expect(found).toMatchObject({ signatures: [null, null, null], failure: { code: 'OUTCOME_UNKNOWN' } });
    // Once more, now that it has its end: the same answer, and nothing is signed.
    expect((await order(service, operation, 'fw', over, headers)).body).toEqual({ ...found });
    expect(service.spied('C_Sign') - before).toBe(calls);
  });

  it('has after all of these booked every use, no more and no less, and signs the last ones', async () => {
    const over = digests(COUNT);
    const last = await order(service, operation, 'fw', over);
    expect(goodSignatures(key, over, last.body)).toBe(COUNT);
    const { orders, spent, granted, counts } = await accountsOf(service, operation);
    expect({ orders: orders.length, spent }).toEqual({ orders: STEPS.length + 1, spent: granted });
    expect(counts).toEqual({ completed: STEPS.filter(({ end }) => end === 'completed').length + 1, 'outcome-unknown': STEPS.filter(({ end }) => end === 'outcome-unknown').length });
    expect(service.spied('C_Sign')).toBeLessThanOrEqual(spent);
    expect(await order(service, operation, 'fw', digests(1))).toMatchObject({ status: 409, code: 'USAGE_EXHAUSTED' });
    const trail = await trailOf(service, operation);
    expect(trail.filter(({ type }) => type === 'operations.uses-returned.v1')).toEqual([]);
  });
});
