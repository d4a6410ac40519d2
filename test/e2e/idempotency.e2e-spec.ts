import { randomUUID } from 'node:crypto';
import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, Person } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

type Json = Readonly<Record<string, unknown>>;
const b64 = (text: string): string => Buffer.from(text).toString('base64');
/** The same JSON value, written otherwise. */
const rewritten = (body: Json): string => JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, '\t\n ').replaceAll('"description"', '"\\u0064escription"');

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ hsm: 'shim' });
  await scene.key('free');
  await scene.key('two', 'ES256', ofFirmware(2));
});
afterAll(() => scene.close());

/** One mutating call, the way to it made ready. */
interface Call {
  readonly method: string;
  readonly path: string;
  /** None for calls that take none. */
  readonly body?: Json;
  readonly other?: Json;
  readonly who: Person;
  readonly status: number;
  /** Somebody else who sends the same: what comes to him. */
  readonly another: readonly [Person, string];
  /** The same caller after that, with another key and then without any: what comes to him. */
  readonly anew: readonly [string, string];
  /** Undoes it, so that doing it twice would show. */
  readonly undo?: () => Promise<unknown>;
}
const CALLS: Readonly<Record<string, () => Promise<Call>>> = {
  'registering a key': async () => {
    const body = { keyId: `k-${randomUUID()}`, purpose: 'firmware', algorithm: 'ES256', approvalPolicy: NONE, description: 'x' };
    return { method: 'POST', path: '/v1/keys', body, other: { ...body, purpose: 'document' }, who: scene.admin, status: 201, another: [scene.admin2, '409 KEY_EXISTS'], anew: ['409 KEY_EXISTS', '409 KEY_EXISTS'] };
  },
  'changing a policy': async () => {
    const { keyId } = await scene.key(`k-${randomUUID()}`);
    return {
      method: 'PUT', path: `/v1/keys/${keyId}/approval-policy`, body: ofFirmware(1), other: ofFirmware(2), who: scene.admin, status: 200, another: [scene.admin2, '200'], anew: ['200', '200'], undo: () => scene.admin.setsPolicy(keyId, NONE),
    };
  },
  'disabling a key': async () => {
    const { keyId } = await scene.key(`k-${randomUUID()}`);
    return { method: 'POST', path: `/v1/keys/${keyId}/disable`, body: { reason: 'x' }, other: { reason: 'y' }, who: scene.admin, status: 200, another: [scene.admin2, '200'], anew: ['200', '200'], undo: () => scene.admin.enables(keyId) };
  },
  'enabling a key': async () => {
    const { keyId } = await scene.key(`k-${randomUUID()}`);
    expected(await scene.admin.disables(keyId), 200);
    return { method: 'POST', path: `/v1/keys/${keyId}/enable`, body: { reason: 'x' }, other: { reason: 'y' }, who: scene.admin, status: 200, another: [scene.admin2, '200'], anew: ['200', '200'], undo: () => scene.admin.disables(keyId) };
  },
  'asking for an operation': async () => {
    const body = { description: 'x', keyUsages: [{ keyId: 'free', maxUsageCount: 1 }], validMs: 60_000 };
    return { method: 'POST', path: '/v1/operations', body, other: { ...body, validMs: 60_001 }, who: scene.orderer, status: 201, another: [scene.as('orderer-2', ['orderer']), '201'], anew: ['201', '201'] };
  },
  'approving': async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    const body = { decision: 'approve', requestDigest: operation.requestDigest, comment: 'x' };
    return {
      method: 'POST', path: `/v1/operations/${operation.operationId}/decisions`, body, other: { ...body, comment: 'y' }, who: scene.ana, status: 201, another: [scene.ben, '201'], anew: ['201', '201'], undo: () => scene.ana.withdraws(operation),
    };
  },
  'rejecting': async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    const body = { decision: 'reject', requestDigest: operation.requestDigest };
    return { method: 'POST', path: `/v1/operations/${operation.operationId}/decisions`, body, other: { ...body, comment: 'y' }, who: scene.ana, status: 201, another: [scene.ben, '409 OPERATION_REJECTED'], anew: ['201', '201'] };
  },
  'withdrawing': async () => {
    const operation = await scene.orderer.operation({ two: 2 });
    expected(await scene.ana.approves(operation), 201);
    return { method: 'DELETE', path: `/v1/operations/${operation.operationId}/decisions/mine`, who: scene.ana, status: 200, another: [scene.ben, '404 NOT_FOUND'], anew: ['200', '404 NOT_FOUND'], undo: () => scene.ana.approves(operation) };
  },
  'revoking': async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    return {
      method: 'POST', path: `/v1/operations/${operation.operationId}/revocation`, body: { reason: 'x' }, other: { reason: 'y' }, who: scene.orderer, status: 201, another: [scene.admin, '409 OPERATION_REVOKED'], anew: ['409 OPERATION_REVOKED', '409 OPERATION_REVOKED'],
    };
  },
  'ordering signatures': async () => {
    const operation = await scene.orderer.operation({ free: 2 });
    const body = { keyId: 'free', data: b64(randomUUID()) };
    return {
      method: 'POST', path: `/v1/operations/${operation.operationId}/sign-orders`, body, other: { ...body, signatureFormat: 'raw' }, who: scene.orderer, status: 201, another: [scene.as('orderer-2', ['orderer']), '403 NOT_YOUR_OPERATION'], anew: ['201', '409 USAGE_EXHAUSTED'],
    };
  },
  'confirming the clock': async () =>
    ({ method: 'POST', path: '/v1/clock/confirmation', body: { comment: randomUUID() }, other: { comment: 'other' }, who: scene.admin, status: 201, another: [scene.admin2, '201'], anew: ['201', '201'] }),
};

describe('a repetition', () => {
  it.each(Object.keys(CALLS))('of %s gives the same result and does nothing twice; another body, caller or key is another matter', async (name) => {
    const { method, path, body, other, who, status, another, anew, undo } = await (CALLS[name] ?? Promise.reject)();
    const key = `key of ${name}`;
    const send = (person: Person, payload: unknown, withKey?: string, wrong = false): Promise<Answer<unknown>> => person.send(method, path, payload, { wrong, ...(withKey === undefined ? {} : { key: withKey }) });
    const first = await send(who, body, key);
    expect(first.status).toBe(status);
    await undo?.();
    const events = await scene.writtenWhile('free', async () => {
      for (const payload of [body, body === undefined ? {} : rewritten(body)]) {
        const again = await send(who, payload, key, true);
        expect({ status: again.status, body: again.body, location: again.headers.get('location'), etag: again.headers.get('etag') }).toEqual({ status, body: first.body, location: first.headers.get('location'), etag: first.headers.get('etag') });
      }
      if (other !== undefined) {
        expect((await send(who, other, key)).said).toBe('422 IDEMPOTENCY_KEY_REUSED');
        expect((await send(who, body, key)).body).toEqual(first.body);
      }
    });
    // What settles an order, and ends its operation, may come in between; nothing else is written.
    expect(events.filter((type) => type !== 'operations.uses-settled.v1' && type !== 'operations.exhausted.v1')).toEqual([]);
    const [person, said] = another;
    expect((await send(person, body, key)).said).toBe(said);
    expect([(await send(who, body, `${key}, another`)).said, (await send(who, body)).said]).toEqual(anew);
  });

  it('on another path is another request', async () => {
    const [one, two] = [await scene.orderer.operation({ free: 1 }), await scene.orderer.operation({ free: 1 })];
    const body = { keyId: 'free', data: b64('x') };
    const [a, b] = [expected(await scene.orderer.orders(one, body, { key: 'k' }), 201), expected(await scene.orderer.orders(two, body, { key: 'k' }), 201)];
    expect(a.signOrderId).not.toBe(b.signOrderId);
    expect(expected(await scene.orderer.revokes(one, { key: 'k' }), 201).state).toBe('revoked');
  });

  it('of a refusal is decided anew', async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    const body = { keyId: 'two', data: b64('x') };
    expect((await scene.orderer.orders(operation, body, { key: 'early' })).said).toBe('409 OPERATION_NOT_APPROVED');
    expected(await scene.ana.approves(operation), 201);
    expected(await scene.ben.approves(operation), 201);
    expect((await scene.orderer.orders(operation, body, { key: 'early' })).said).toBe('201');
    expect((await scene.orderer.requests({ soon: 1 }, {}, { key: 'soon' })).said).toBe('422 KEY_UNKNOWN');
    await scene.key('soon');
    expect((await scene.orderer.requests({ soon: 1 }, {}, { key: 'soon' })).said).toBe('201');
  });

  it('of the same key at one instant is one request', async () => {
    const operation = await scene.orderer.operation({ free: 10 });
    const signed = scene.service.shim.calls('C_Sign');
    const orders = await Promise.all(Array.from({ length: 16 }, () => scene.orderer.orders(operation, { keyId: 'free', data: b64('x') }, { key: 'at once' })));
    expect(new Set(orders.map((o) => JSON.stringify([o.said, o.body])))).toHaveProperty('size', 1);
    expect(scene.service.shim.calls('C_Sign') - signed).toBe(1);
    expect(expected(await scene.orderer.reads(operation), 200).keyUsages[0]?.usedCount).toBe(1);
    const asked = await Promise.all(Array.from({ length: 16 }, () => scene.orderer.requests({ free: 1 }, {}, { key: 'also at once' })));
    expect(new Set(asked.map((o) => o.body.operationId)).size).toBe(1);
  });

  it('rule 3: of one key by two people at one instant is two acts, and both are in the trail', async () => {
    for (let n = 0; n < 5; n += 1) {
      const operation = await scene.orderer.operation({ two: 1 });
      const key = `shared ${n}`;
      const [approved, withdrawn, revoked] = await Promise.all([scene.ana.approves(operation, { key }), scene.ben.approves(operation, { key }), scene.admin.revokes(operation, { key })]);
      expect(revoked.said).toBe('201');
      for (const answer of [approved, withdrawn]) expect(['201', '409 OPERATION_REVOKED']).toContain(answer.said);
      const given = [approved, withdrawn].filter((a) => a.status === 201).length;
      const trail = await scene.trail(operation, (items) => items.some((e) => e.type === 'operations.revoked.v1'));
      expect(trail.filter((e) => e.type === 'operations.approval-given.v1').length).toBe(given);
    }
  });

  it('of an order that was under way gives its present state', async () => {
    const operation = await scene.orderer.operation({ free: 1 });
    const body = { keyId: 'free', data: b64('slow') };
    scene.service.shim.order(`hold 1`);
    let first: Answer<SignOrderView>;
    try {
      first = await scene.orderer.orders(operation, body, { key: 'slow', headers: { prefer: 'respond-async' } });
      expect(first).toMatchObject({ status: 202, body: { state: 'reserved', usesConsumed: 1 } });
      const again = await scene.orderer.orders(operation, body, { key: 'slow', headers: { prefer: 'wait=1' } });
      expect(again).toMatchObject({ status: 202, body: { signOrderId: first.body.signOrderId, state: 'signing' } });
      expect((await scene.orderer.orders(operation, { ...body, signatureFormat: 'raw' }, { key: 'slow' })).said).toBe('422 IDEMPOTENCY_KEY_REUSED');
    } finally {
      scene.service.shim.order();
    }
    const ended = await scene.orderer.orders(operation, body, { key: 'slow' });
    expect(ended).toMatchObject({ status: 201, body: { signOrderId: first.body.signOrderId, state: 'completed', usesConsumed: 1 } });
    expect(expected(await scene.orderer.readsOrder(ended.body), 200)).toEqual(ended.body);
  });

  it('of a registration that was under way gives its present state', async () => {
    const body = { keyId: 'slow', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: NONE };
    scene.service.shim.order('hold C_GenerateKeyPair');
    let first: Answer<KeyBody>;
    try {
      first = await scene.admin.registers(body, { key: 'slow' });
      expect(first).toMatchObject({ status: 202, body: { keyId: 'slow', status: 'creating' } });
      expect(first.body).not.toHaveProperty('publicKeyPem');
      expect(first.headers.get('location')).toBe('/v1/keys/slow');
      expect((await scene.orderer.requests({ slow: 1 })).said).toBe('422 KEY_UNKNOWN');
      expect((await scene.admin.registers({ ...body, purpose: 'document' }, { key: 'slow' })).said).toBe('422 IDEMPOTENCY_KEY_REUSED');
    } finally {
      scene.service.shim.order();
    }
    const made = await scene.admin.registers(body, { key: 'slow' });
    expect(made).toMatchObject({ status: 201, body: { keyId: 'slow', status: 'enabled' } });
    expect(expected(await scene.orderer.get<KeyBody>('/v1/keys/slow'), 200)).toEqual(made.body);
    expect((await scene.ended(await scene.orderer.orders(await scene.orderer.operation({ slow: 1 }), { keyId: 'slow', data: b64('x') }))).state).toBe('completed');
  });

  it('of an order gives the same signature after its key was disabled, its operation revoked, exhausted or expired', async () => {
    await scene.key('ends');
    const body = { keyId: 'ends', data: b64('once') };
    const revoked = await scene.orderer.operation({ ends: 5 });
    const exhausted = await scene.orderer.operation({ ends: 1 });
    const expiring = await scene.orderer.operation({ ends: 5 }, { validMs: 1_500 });
    const first = await Promise.all([revoked, exhausted, expiring].map(async (operation) => expected(await scene.orderer.orders(operation, body, { key: 'once' }), 201)));
    expect(first.every((o) => o.state === 'completed')).toBe(true);
    expected(await scene.admin.disables('ends'), 200);
    expected(await scene.admin.revokes(revoked), 201);
    await eventually(async () => expected(await scene.orderer.reads(exhausted), 200).state, (state) => state === 'exhausted');
    await sleep(Math.max(0, Date.parse(expiring.expiresAt) - Date.now()) + 10);
    const calls = scene.service.shim.calls('C_Sign');
    for (const [i, operation] of [revoked, exhausted, expiring].entries()) {
      expect(expected(await scene.orderer.orders(operation, body, { key: 'once' }), 201)).toEqual(first[i]);
      expect((await scene.orderer.orders(operation, body, { key: 'twice' })).status).toBe(409);
      expect((await scene.orderer.orders(operation, { ...body, data: b64('other') }, { key: 'once' })).said).toBe('422 IDEMPOTENCY_KEY_REUSED');
    }
    expect(scene.service.shim.calls('C_Sign')).toBe(calls);
  });
});

describe('rule 4: two thousand keyed orders of one operation', () => {
  const ORDERS = 2_000;
  it('and the first key again, also after a restart: the same signature, and no C_Sign', async () => {
    const { shim } = scene.service;
    const operation = await scene.orderer.operation({ free: ORDERS + 1 });
    const body = (n: number) => ({ keyId: 'free', data: b64(`order ${n}`) });
    const before = shim.calls('C_Sign');
    const first = expected(await scene.orderer.orders(operation, body(0), { key: 'order 0' }), 201);
    let next = 1;
    const worker = async (): Promise<void> => {
      for (let n = next++; n < ORDERS; n = next++) expect((await scene.orderer.orders(operation, body(n), { key: `order ${n}` })).body.state).toBe('completed');
    };
    await Promise.all(Array.from({ length: 32 }, worker));
    expect(shim.calls('C_Sign') - before).toBe(ORDERS);
    const repeat = async (): Promise<void> => {
      for (const n of [0, 0, 999]) {
        const again = expected(await scene.orderer.orders(operation, body(n), { key: `order ${n}` }), 201);
        if (n === 0) expect(again).toEqual(first);
      }
      expect(expected(await scene.orderer.reads(operation), 200).keyUsages[0]).toMatchObject({ usedCount: ORDERS, remainingCount: 1 });
      expect(shim.calls('C_Sign') - before).toBe(ORDERS);
    };
    await repeat();
    await scene.service.kill();
    await scene.service.up();
    await repeat();
  }, 120_000);
});
