import { createHash, randomBytes, verify } from 'node:crypto';
import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { pkcs11Tool } from '#test/fixtures/softhsm.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { hashOfAlgorithm, opensslVerifies, wireHash } from './openssl.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { NONE, Scene } from './scene.js';

const DATA = Buffer.from('a message').toString('base64');
/** CKR_FUNCTION_FAILED: spoils one session, where others would close the token for a while. */
const FUNCTION_FAILED = 0x6;
const ALGORITHMS = ['ES256', 'ES384', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'EdDSA'];

let scene: Scene;
let free: KeyBody;
beforeAll(async () => {
  scene = await Scene.open({ hsm: 'shim' });
  free = await scene.key('free');
});
afterAll(() => scene.close());
afterEach(() => scene.service.shim.order());

const digestOf = (data: Uint8Array, algorithm = 'ES256'): string => createHash(hashOfAlgorithm(algorithm)).update(data).digest('base64');
const messages = (count: number): readonly Buffer[] => Array.from({ length: count }, (_, n) => Buffer.from(`message ${n}`));
const usedOf = async (operation: OperationView): Promise<number | undefined> => expected(await scene.orderer.reads(operation), 200).keyUsages[0]?.usedCount;

describe('every algorithm', () => {
  it.each(ALGORITHMS)('%s signs digests and data, one signature and one use each, in their order, as openssl verifies', async (algorithm) => {
    const key = await scene.key(`k-${algorithm.toLowerCase()}`, algorithm);
    const operation = await scene.orderer.operation({ [key.keyId]: 10 });
    const { keyId, publicKeyPem } = key;
    const data = randomBytes(1_000);
    const signed = await scene.ended(await scene.orderer.orders(operation, { keyId, data: data.toString('base64') }));
    expect(signed).toMatchObject({ state: 'completed', keyId, algorithm, usesConsumed: 1, signatures: [expect.any(String)] });
    expect(opensslVerifies({ publicKeyPem, algorithm, data, signature: signed.signatures?.[0] })).toBe(true);
    expect(opensslVerifies({ publicKeyPem, algorithm, data: randomBytes(1_000), signature: signed.signatures?.[0] })).toBe(false);
    if (algorithm === 'EdDSA') return expect(await usedOf(operation)).toBe(1);

    const [a, b] = [randomBytes(10), randomBytes(10)];
    const digests = [a, b, a].map((one) => digestOf(one, algorithm));
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId, digests, digestAlgorithm: wireHash(algorithm) }));
    expect(order).toMatchObject({ state: 'completed', usesConsumed: 3 });
    for (const [i, one] of [a, b, a].entries()) expect(opensslVerifies({ publicKeyPem, algorithm, digest: createHash(hashOfAlgorithm(algorithm)).update(one).digest(), signature: order.signatures?.[i] })).toBe(true);
    expect(await usedOf(operation)).toBe(4);
    if (!algorithm.startsWith('ES')) return;

    const raw = await scene.ended(await scene.orderer.orders(operation, { keyId, digests: digests.slice(0, 2), digestAlgorithm: wireHash(algorithm), signatureFormat: 'raw' }));
    const rs = raw.signatures?.map((signature) => Buffer.from(signature ?? '', 'base64')) ?? [];
    expect(rs.map((bytes) => bytes.length)).toEqual(algorithm === 'ES256' ? [64, 64] : [96, 96]);
    for (const [i, one] of [a, b].entries()) expect(verify(hashOfAlgorithm(algorithm), one, { key: publicKeyPem ?? '', dsaEncoding: 'ieee-p1363' }, rs[i] ?? Buffer.alloc(0))).toBe(true);
    const der = await scene.ended(await scene.orderer.orders(operation, { keyId, digests: digests.slice(0, 1), digestAlgorithm: wireHash(algorithm), signatureFormat: 'der' }));
    expect(opensslVerifies({ publicKeyPem, algorithm, data: a, signature: der.signatures?.[0] })).toBe(true);
  });
});

describe('large orders', () => {
  it('take a message of 1 MiB, and for EdDSA one of 256 KiB; a byte more is 413', async () => {
    const ed = await scene.key('ed', 'EdDSA');
    const operation = await scene.orderer.operation({ free: 2, ed: 2 });
    for (const [key, size] of [[free, 1024 * 1024], [ed, 256 * 1024]] as const) {
      const data = randomBytes(size + 1);
      expect((await scene.orderer.orders(operation, { keyId: key.keyId, data: data.toString('base64') })).said).toBe('413 PAYLOAD_TOO_LARGE');
      const message = data.subarray(0, size);
      const order = await scene.ended(await scene.orderer.orders(operation, { keyId: key.keyId, data: message.toString('base64') }));
      expect(opensslVerifies({ publicKeyPem: key.publicKeyPem, algorithm: key.algorithm, data: message, signature: order.signatures?.[0] })).toBe(true);
    }
    expect(expected(await scene.orderer.reads(operation), 200).keyUsages.map((u) => u.usedCount)).toEqual([1, 1]);
  });
  it.each([['ES256', {}], ['RS256', { modulusBits: 4096 }]])('take 1,000 digests with %s %p', async (algorithm, more) => {
    const key = await scene.key(`thousand-${algorithm.toLowerCase()}`, algorithm, NONE, more);
    const operation = await scene.orderer.operation({ [key.keyId]: 1_000 });
    const inputs = messages(1_000);
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: key.keyId, digests: inputs.map((m) => digestOf(m)), digestAlgorithm: 'SHA-256' }, { headers: { prefer: 'wait=29' } }), scene.orderer, 60_000);
    expect(order).toMatchObject({ state: 'completed', usesConsumed: 1_000 });
    expect(order.signatures?.every((signature, i) => verify('sha256', inputs[i] ?? Buffer.alloc(0), key.publicKeyPem ?? '', Buffer.from(signature ?? '', 'base64')))).toBe(true);
    expect(opensslVerifies({ publicKeyPem: key.publicKeyPem, algorithm, data: inputs[999] ?? Buffer.alloc(0), signature: order.signatures?.[999] })).toBe(true);
    await eventually(async () => expected(await scene.orderer.reads(operation), 200).state, (state) => state === 'exhausted');
  }, 90_000);
});

describe('waiting', () => {
  it.each([['respond-async', 0], ['wait=0', 0], ['respond-async, wait=1', 1_000], ['wait=1', 1_000]])('Prefer: %s answers 202 after %i ms while the HSM works', async (prefer, ms) => {
    const operation = await scene.orderer.operation({ free: 1 });
    scene.service.shim.order('hold 1');
    const began = performance.now();
    const answer = await scene.orderer.orders(operation, { keyId: 'free', data: DATA }, { headers: { prefer } });
    const took = performance.now() - began;
    expect(answer).toMatchObject({ status: 202, body: { keyId: 'free', algorithm: 'ES256', usesConsumed: 1, operationId: operation.operationId } });
    expect(['reserved', 'signing']).toContain(answer.body.state);
    expect(answer.body).not.toHaveProperty('signatures');
    expect(took).toBeGreaterThanOrEqual(ms - 5);
    expect(took).toBeLessThan(ms + 900);
    const location = answer.headers.get('location') ?? '';
    expect(location).toBe(`/v1/operations/${operation.operationId}/sign-orders/${answer.body.signOrderId}`);
    await eventually(async () => expected(await scene.orderer.get<SignOrderView>(location), 200).state, (state) => state === 'signing');
    scene.service.shim.order();
    const order = await eventually(async () => expected(await scene.orderer.get<SignOrderView>(location), 200), (o) => o.state === 'completed');
    expect(verify('sha256', Buffer.from('a message'), free.publicKeyPem ?? '', Buffer.from(order.signatures?.[0] ?? '', 'base64'))).toBe(true);
  });
  it('without Prefer an order that ends in time is 201', async () => {
    const operation = await scene.orderer.operation({ free: 1 });
    const answer = await scene.orderer.orders(operation, { keyId: 'free', data: DATA });
    expect(answer.said).toBe('201');
    expect(answer.headers.get('location')).toBe(`/v1/operations/${operation.operationId}/sign-orders/${answer.body.signOrderId}`);
    expect(expected(await scene.orderer.readsOrder(answer.body), 200)).toEqual(answer.body);
  });
});

it('the list is newest first, in pages, with whatever became of each', async () => {
  const operation = await scene.orderer.operation({ free: 12 });
  const placed: SignOrderView[] = [];
  for (let n = 0; n < 7; n += 1) placed.push(await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', data: Buffer.from(`order ${n}`).toString('base64') })));
  scene.service.shim.order('hold 1');
  const held = expected(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }, { headers: { prefer: 'wait=0' } }), 202);
  const all = await eventually(async () => expected(await scene.orderer.listsOrders(operation), 200).items, (items) => items.length === 8 && items[0]?.state === 'signing');
  expect(all.slice(1)).toEqual([...placed].reverse());
  expect(all[0]).toMatchObject({ signOrderId: held.signOrderId, state: 'signing', usesConsumed: 1 });
  const paged: SignOrderView[] = [];
  for (let cursor = ''; ;) {
    const { items, nextCursor } = expected(await scene.admin.listsOrders(operation, `?limit=3${cursor}`), 200);
    paged.push(...items);
    if (nextCursor === undefined) break;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
  }
  expect(paged).toEqual(all);
  scene.service.shim.order();
  await eventually(async () => expected(await scene.orderer.listsOrders(operation, '?limit=1'), 200).items[0]?.state, (state) => state === 'completed');
});

describe('an outcome that nobody knows', () => {
  const unknown = async (operation: OperationView, count: number, failing: number): Promise<SignOrderView> => {
    const { shim } = scene.service;
    shim.order(`fail-after ${shim.calls('C_Sign') + failing} ${FUNCTION_FAILED}`);
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', digests: messages(count).map((m) => digestOf(m)), digestAlgorithm: 'SHA-256' }));
    shim.order();
    return order;
  };

  it('is spent, with the signatures there are in their places', async () => {
    const operation = await scene.orderer.operation({ free: 10 });
    const one = await unknown(operation, 1, 1);
    expect(one).toMatchObject({ state: 'outcome-unknown', usesConsumed: 1, signatures: [null], failure: { code: 'OUTCOME_UNKNOWN', detail: expect.any(String) } });
    expect(JSON.stringify(one.failure)).not.toMatch(/CKR|0x/);
    const five = await unknown(operation, 5, 3);
    expect(five.state).toBe('outcome-unknown');
    expect(five.signatures?.[2]).toBeNull();
    const there = five.signatures?.flatMap((signature, i) => (signature === null ? [] : [verify('sha256', messages(5)[i] ?? Buffer.alloc(0), free.publicKeyPem ?? '', Buffer.from(signature, 'base64'))])) ?? [];
    expect(there.length).toBeGreaterThanOrEqual(2);
    expect(there.every((good) => good)).toBe(true);
    await eventually(() => usedOf(operation), (used) => used === 1 + five.usesConsumed);
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }))).state).toBe('completed');
  });

  it('exhausts an operation like any other use', async () => {
    const operation = await scene.orderer.operation({ free: 1 });
    await unknown(operation, 1, 1);
    await eventually(async () => expected(await scene.orderer.reads(operation), 200).state, (state) => state === 'exhausted');
  });

  it('is resolved when two different administrators find the same, which changes neither state nor uses', async () => {
    const operation = await scene.orderer.operation({ free: 5 });
    const order = await unknown(operation, 1, 1);
    const location = `/v1/operations/${operation.operationId}/sign-orders/${order.signOrderId}`;
    expect((await scene.ana.resolves(order, 'signed')).said).toBe('403 ROLE_REQUIRED');
    const first = await scene.admin.resolves(order, 'signed', { key: 'found' });
    expect(first.said).toBe('202');
    expect(first.headers.get('location')).toBe(location);
    expect(first.body).toMatchObject({ state: 'outcome-unknown', usesConsumed: 1, findings: [{ finding: 'signed', by: { subject: 'admin-1' }, comment: 'as the HSM’s own log says' }] });
    const repeated = await scene.admin.resolves(order, 'signed', { key: 'found' });
    expect([repeated.said, repeated.body]).toEqual([first.said, first.body]);
    expect((await scene.admin.resolves(order, 'not-signed', { key: 'found' })).said).toBe('422 IDEMPOTENCY_KEY_REUSED');
    expect((await scene.admin.resolves(order, 'signed')).said).toBe('202');
    expect((await scene.admin2.resolves(order, 'not-signed')).said).toBe('202');
    const second = await scene.admin2.resolves(order, 'signed');
    expect(second.said).toBe('201');
    expect(second.body).toMatchObject({ state: 'outcome-unknown', usesConsumed: 1, signatures: [null] });
    expect(expected(await scene.orderer.readsOrder(order), 200)).toEqual(second.body);
    expect(await usedOf(operation)).toBe(1);
    const trail = (await scene.trail(operation, (items) => items.filter((e) => e.type === 'signing.outcome-resolved.v1').length === 3)).filter((e) => e.type === 'signing.outcome-resolved.v1');
    expect(trail.map((e) => [e.actor.subject, (e.data as { readonly finding: string; readonly resolved: boolean }).finding, (e.data as { readonly resolved: boolean }).resolved]))
      .toEqual([['admin-1', 'signed', false], ['admin-2', 'not-signed', false], ['admin-2', 'signed', true]]);
  });

  it('is the only one to be resolved', async () => {
    const operation = await scene.orderer.operation({ free: 2 });
    const done = await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }));
    expect((await scene.admin.resolves(done, 'signed')).said).toBe('422 VALIDATION_FAILED');
    expect((await scene.admin.resolves({ ...done, signOrderId: operation.operationId }, 'signed')).said).toBe('404 SIGN_ORDER_NOT_FOUND');
    expect((await scene.admin.resolves({ ...done, operationId: done.signOrderId }, 'signed')).status).toBe(404);
  });
});

describe('an order that no C_Sign was begun for', () => {
  it('is failed when its key is gone from the token, with its uses back', async () => {
    await scene.key('gone');
    const operation = await scene.orderer.operation({ gone: 3 });
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'gone', data: DATA }))).state).toBe('completed');
    const id = /label:\s+gone\n\s+ID:\s+([0-9a-f]+)/.exec(pkcs11Tool(scene.service.token, '--list-objects', '--type', 'privkey'))?.[1] ?? '';
    pkcs11Tool(scene.service.token, '--delete-object', '--type', 'privkey', '--id', id);
    const answer = await scene.orderer.orders(operation, { keyId: 'gone', digests: [digestOf(Buffer.from('a')), digestOf(Buffer.from('b'))], digestAlgorithm: 'SHA-256' });
    expect(await scene.ended(answer)).toMatchObject({ state: 'failed', usesConsumed: 0, signatures: [], failure: { code: 'KEY_MISSING_IN_HSM' } });
    await eventually(() => usedOf(operation), (used) => used === 1);
  });

  it.each<[string, string, (operation: OperationView, keyId: string) => Promise<Answer<{ readonly inFlight: readonly string[] }>>, string]>([
    ['its operation was revoked', 'revoking', (operation) => scene.admin.revokes(operation, { key: 'revoke' }), 'OPERATION_REVOKED'],
    ['its key was disabled', 'disabling', (_, keyId) => scene.admin.disables(keyId, 'x', { key: 'disable' }), 'KEY_DISABLED'],
  ])('is halted when %s before its turn; what had started is named, and may still sign', async (_name, keyId, act, code) => {
    await scene.key(keyId);
    const operation = await scene.orderer.operation({ [keyId]: 10 });
    const calls = scene.service.shim.calls('C_Sign');
    scene.service.shim.order('hold 1');
    const orders = await Promise.all(Array.from({ length: 6 }, (_, n) => scene.orderer.orders(operation, { keyId, data: Buffer.from(`m${n}`).toString('base64') }, { headers: { prefer: 'wait=0' } })));
    await eventually(() => scene.service.shim.calls('C_Sign') - calls, (begun) => begun === 4);
    const acted = expected(await act(operation, keyId), 200, 201);
    expect(acted.inFlight.length).toBe(4);
    scene.service.shim.order();
    const ended = await Promise.all(orders.map((o) => scene.ended(o)));
    expect(ended.filter((o) => o.state === 'completed').map((o) => o.signOrderId).sort()).toEqual([...acted.inFlight].sort());
    for (const order of ended.filter((o) => o.state !== 'completed')) expect(order).toMatchObject({ state: 'halted', usesConsumed: 0, signatures: [], failure: { code } });
    expect(scene.service.shim.calls('C_Sign') - calls).toBe(4);
    await eventually(() => usedOf(operation), (used) => used === 4);
    // The same request again tells the same, although the orders have ended meanwhile.
    expect([...expected(await act(operation, keyId), 200, 201).inFlight].sort()).toEqual([...acted.inFlight].sort());
  });

  it('is halted when the window closed before its turn', async () => {
    const calls = scene.service.shim.calls('C_Sign');
    const [long, short] = [await scene.orderer.operation({ free: 4 }), await scene.orderer.operation({ free: 1 }, { validMs: 1_000 })];
    scene.service.shim.order('hold 1');
    const held = await Promise.all(Array.from({ length: 4 }, (_, n) => scene.orderer.orders(long, { keyId: 'free', data: Buffer.from(`m${n}`).toString('base64') }, { headers: { prefer: 'wait=0' } })));
    await eventually(() => scene.service.shim.calls('C_Sign') - calls, (begun) => begun === 4);
    const late = await scene.orderer.orders(short, { keyId: 'free', data: DATA }, { headers: { prefer: 'wait=0' } });
    await sleep(Math.max(0, Date.parse(short.expiresAt) - Date.now()) + 50);
    scene.service.shim.order();
    expect(await scene.ended(late)).toMatchObject({ state: 'halted', usesConsumed: 0, failure: { code: 'WINDOW_CLOSED' } });
    for (const order of held) expect((await scene.ended(order)).state).toBe('completed');
    expect(scene.service.shim.calls('C_Sign') - calls).toBe(4);
  });
});
