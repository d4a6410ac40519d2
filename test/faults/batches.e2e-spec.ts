import { Service } from '#test/system/service.js';
import { digests, ended, eventually, goodSignatures, makeKey, operationOf, order, orderOf, request, trailOf } from '#test/system/steps.js';
import type { Key, Operation, SignOrder } from '#test/system/steps.js';
import { accountsOf } from './accounts.js';

// What the PKCS#11 shim does in the middle of orders, over a real SoftHSM2. Nothing restarts in between, so its C_Sign calls are counted through.
const SESSIONS = 4;
const ASYNC = { prefer: 'respond-async' };
const CKR_FUNCTION_FAILED = '0x6';
const CKR_DEVICE_ERROR = '0x30';
const CKR_MECHANISM_INVALID = '0x70';

let service: Service;
let key: Key;
let keys = 0;
beforeAll(async () => {
  service = await Service.create({ hsm: 'shim', sessions: SESSIONS });
  await service.up();
});
beforeEach(async () => {
  // After an error that takes the token away it is opened again.
  await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
  keys += 1;
  key = await makeKey(service, `fw-${keys}`);
});
afterEach(() => service.shim.order());
afterAll(Service.closeAll);

const request1 = (count: number): Promise<Operation> => request(service, { [key.keyId]: count });
const calls = (): number => service.shim.calls('C_Sign');

describe('rule 6: what holds the HSM when authority ends', () => {
  const takings = {
    'the operation is revoked': { code: 'OPERATION_REVOKED', take: (operation: Operation) => service.admin.post<{ inFlight: readonly string[] }>(`/v1/operations/${operation.operationId}/revocation`, { reason: 'A test' }), status: 201 },
    'the key is disabled': { code: 'KEY_DISABLED', take: () => service.admin.post<{ inFlight: readonly string[] }>(`/v1/keys/${key.keyId}/disable`, { reason: 'A test' }), status: 200 },
  } as const;
  it.each(Object.entries(takings))('rule 6: four calls are held, %s, they are released: what queued behind halts, inFlight lists exactly the four', async (_, { code, take, status }) => {
    const operation = await request1(100);
    const before = calls();
    service.shim.order(`hold ${before + 1}`);
    const ids: string[] = [];
    for (let i = 0; i < 10; i += 1) ids.push((await order(service, operation, key.keyId, digests(1), ASYNC)).body.signOrderId);
    await eventually(() => calls() - before, (held) => held === SESSIONS);
    await eventually(async () => (await Promise.all(ids.map((id) => orderOf(service, operation, id)))).filter(({ state }) => state === 'signing').length, (n) => n === SESSIONS);
    const taken = await take(operation);
    expect(taken.status).toBe(status);
    service.shim.order();
    const ends = await Promise.all(ids.map((id) => ended(service, operation, id)));
    const signed = ends.filter(({ state }) => state === 'completed').map(({ signOrderId }) => signOrderId);
    const halted = ends.filter(({ state }) => state === 'halted');
    expect([...taken.body.inFlight].sort()).toEqual([...signed].sort());
    expect({ signed: signed.length, halted: halted.length, calls: calls() - before }).toEqual({ signed: SESSIONS, halted: 6, calls: SESSIONS });
    for (const { failure, usesConsumed } of halted) expect({ code: failure?.code, usesConsumed }).toEqual({ code, usesConsumed: 0 });
    await eventually(() => operationOf(service, operation), ({ keyUsages }) => keyUsages[0]?.usedCount === SESSIONS);
  });
});

describe('rule 7: a C_Sign that fails in an order of eight', () => {
  const N = 8;
  const cases = [1, 2, N / 2, N].flatMap((k) => (['before', 'after'] as const).flatMap((when) => [CKR_FUNCTION_FAILED, CKR_DEVICE_ERROR].map((ckr) => ({ k, when, ckr }))));
  it.each(cases)('rule 7: call $k fails $when it is forwarded with $ckr: calls = uses spent, the rest is given back, no digest twice', async ({ k, when, ckr }) => {
    const operation = await request1(N);
    const before = calls();
    service.shim.order(`fail-${when} ${before + k} ${ckr}`);
    const over = digests(N);
    const placed = await order(service, operation, key.keyId, over);
    const end = await ended(service, operation, placed.body.signOrderId, 40_000);
    const made = calls() - before;
    const { spent, granted } = await accountsOf(service, operation);
    expect(end.state).toBe('outcome-unknown');
    expect(end.signatures?.[k - 1]).toBeNull();
    const there = end.signatures?.flatMap((signature, i) => (signature === null ? [] : [i])) ?? [];
    expect(goodSignatures(key, there.map((i) => over[i] ?? ''), { ...end, signatures: there.map((i) => end.signatures?.[i] ?? null) })).toBe(there.length);
    expect(there.length).toBe(made - 1);
    expect(made).toBeGreaterThanOrEqual(k);
    expect({ spent, consumed: end.usesConsumed }).toEqual({ spent: made, consumed: made });
    expect(granted).toBe(N);
    service.shim.order();
    if (made === N) return;
    // What was given back signs.
    await eventually(() => service.readiness(), ({ status }) => status === 200, 15_000);
    const rest = digests(N - made);
    expect(goodSignatures(key, rest, (await order(service, operation, key.keyId, rest)).body)).toBe(N - made);
    expect(calls() - before).toBe(N);
    expect(await order(service, operation, key.keyId, digests(1))).toMatchObject({ status: 409 });
  }, 90_000);
});

it('rule 10: grant 1, fail before C_Sign, order again: signs, and only then it is exhausted', async () => {
  const operation = await request1(1);
  const before = calls();
  service.shim.order(`fail C_SignInit ${CKR_MECHANISM_INVALID}`);
  const first: SignOrder = (await order(service, operation, key.keyId, digests(1))).body;
  expect(await ended(service, operation, first.signOrderId)).toMatchObject({ state: 'failed', usesConsumed: 0, failure: { code: 'HSM_REFUSED' } });
  expect(calls() - before).toBe(0);
  service.shim.order();
  expect((await eventually(() => operationOf(service, operation), ({ keyUsages }) => keyUsages[0]?.remainingCount === 1)).state).toBe('approved');
  const over = digests(1);
  expect(goodSignatures(key, over, (await order(service, operation, key.keyId, over)).body)).toBe(1);
  await eventually(() => operationOf(service, operation), ({ state }) => state === 'exhausted');
  expect(calls() - before).toBe(1);
  const types = (await trailOf(service, operation)).map(({ type }) => type).filter((type) => type.startsWith('operations.uses') || type === 'operations.exhausted.v1');
  expect(types).toEqual(['operations.uses-reserved.v1', 'operations.uses-returned.v1', 'operations.uses-reserved.v1', 'operations.uses-settled.v1', 'operations.exhausted.v1']);
});

it('rule 15: signatures of another key are not handed out, and their uses are spent', async () => {
  await makeKey(service, `${key.keyId}-other`);
  const operation = await request1(3);
  const before = calls();
  service.shim.order(`other-key ${before + 2}`);
  const over = digests(3);
  const { body } = await order(service, operation, key.keyId, over);
  const end = await ended(service, operation, body.signOrderId);
  expect(end).toMatchObject({ state: 'outcome-unknown', usesConsumed: 3, failure: { code: 'OUTCOME_UNKNOWN' } });
  expect(end.signatures?.[1]).toBeNull();
  expect([0, 2].filter((i) => goodSignatures(key, [over[i] ?? ''], { ...end, signatures: [end.signatures?.[i] ?? null] }) === 1)).toEqual([0, 2]);
  expect(calls() - before).toBe(3);
});
