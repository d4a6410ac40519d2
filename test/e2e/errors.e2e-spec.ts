import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { packageRoot } from '#platform/worker-entry.js';
import { listen } from '#test/system/listen.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const b64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const DATA = b64(20);
const SIGNED = { tree: ofFirmware(1), requiredProof: 'signature' };
const NO_ID = '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e';

let scene: Scene;
/** A service that takes few requests, whose token can do ECDSA alone, and which trusts an issuer that never answers. */
let narrow: Scene;
const silent = createServer(() => undefined);
beforeAll(async () => {
  scene = await Scene.open();
  await scene.key('free');
  await scene.key('two', 'ES256', ofFirmware(2));
  const port = await listen(silent);
  narrow = await Scene.open({}, ({ issuer, token }) => {
    appendFileSync(token.conf, 'slots.mechanisms = CKM_EC_KEY_PAIR_GEN,CKM_ECDSA\n');
    return {
    http: { rateLimit: { requestsPerMinute: 12 } },
    identity: { issuers: [{ issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks` }, { issuer: 'https://silent.example', audience: 'countersign', jwksUri: `http://127.0.0.1:${port}/jwks` }] },
    };
  });
  await narrow.key('fw');
});
afterAll(async () => {
  await scene.close();
  await narrow.close();
  silent.closeAllConnections();
  silent.close();
});

/** How each code comes about. Of those that stand below, other suites say why they need a broken part. */
const PROVOKED: Readonly<Record<string, () => Promise<Answer<unknown>>>> = {
  MALFORMED_JSON: () => scene.orderer.post('/v1/operations', '{"keyUsages": [', { wrong: true }),
  MALFORMED_REQUEST: () => scene.orderer.get('/v1/keys/%zz'),
  UNAUTHENTICATED: () => scene.nobody.get('/v1/keys'),
  ROLE_REQUIRED: () => scene.ana.requests({ free: 1 }),
  SELF_APPROVAL: async () => {
    const both = scene.as('both', ['orderer', 'approver'], { groups: ['firmware-approvers'] });
    return both.approves(await both.operation({ two: 1 }));
  },
  NOT_ELIGIBLE: async () => scene.auditor.approves(await scene.orderer.operation({ two: 1 })),
  NOT_YOUR_OPERATION: async () => scene.as('orderer-2', ['orderer']).reads(await scene.orderer.operation({ free: 1 })),
  KEY_NOT_ALLOWED: async () => {
    await scene.key('builders-only', 'ES256', NONE, { requesters: { group: 'builders' } });
    return scene.orderer.requests({ 'builders-only': 1 });
  },
  PROOF_REQUIRED: async () => {
    await scene.key('signed', 'ES256', SIGNED);
    return scene.ana.approves(await scene.orderer.operation({ signed: 1 }));
  },
  PROOF_INVALID: async () => scene.ana.challenged(await scene.orderer.operation({ two: 1 }), { decision: 'approve', credentialId: NO_ID }),
  CHALLENGE_MISMATCH: async () => scene.ana.approves(await scene.orderer.operation({ two: 1 }), { proof: { type: 'jws', challengeId: NO_ID, jws: 'a.b.c' } }),
  POLICY_NOT_FOUND: () => scene.admin.registers({ keyId: 'referring', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'nowhere' } }),
  POLICY_UNSATISFIABLE: () => scene.admin.registers({ keyId: 'hopeless', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'threshold', k: 2, of: [NONE] } }),
  GENESIS_REQUIRED: () => scene.admin.send('PUT', '/v1/quorum', { quorum: 2 }),
  ACCOUNT_TAKEN: async () => {
    const accounts = [{ issuer: scene.ana.issuer, subject: 'taken' }];
    expected(await scene.admin.send('PUT', '/v1/people/one', { accounts }), 200);
    return scene.admin.send('PUT', '/v1/people/other', { accounts });
  },
  OPERATION_NOT_FOUND: () => scene.admin.reads({ operationId: NO_ID }),
  KEY_NOT_FOUND: () => scene.admin.disables('nowhere'),
  SIGN_ORDER_NOT_FOUND: async () => {
    const [one, other] = [await scene.orderer.operation({ free: 1 }), await scene.orderer.operation({ free: 1 })];
    const order = expected(await scene.orderer.orders(one, { keyId: 'free', data: DATA }), 201);
    return scene.orderer.readsOrder({ ...order, operationId: other.operationId });
  },
  NOT_FOUND: () => scene.admin.get('/v1/nothing'),
  METHOD_NOT_ALLOWED: () => scene.admin.send('PATCH', '/v1/keys/free', { description: 'x' }),
  OPERATION_NOT_APPROVED: async () => scene.orderer.orders(await scene.orderer.operation({ two: 1 }), { keyId: 'two', data: DATA }),
  OPERATION_APPROVED: async () => scene.cleo.approves(await scene.approved({ two: 1 })),
  OPERATION_EXHAUSTED: async () => {
    const operation = await scene.orderer.operation({ free: 1 });
    await scene.ended(await scene.orderer.orders(operation, { keyId: 'free', data: DATA }));
    await eventually(async () => expected(await scene.orderer.reads(operation), 200).state, (state) => state === 'exhausted');
    return scene.orderer.revokes(operation);
  },
  OPERATION_NOT_YET_VALID: async () => scene.orderer.orders(await scene.orderer.operation({ free: 1 }, { notBefore: '2999-01-01T00:00:00Z' }), { keyId: 'free', data: DATA }),
  OPERATION_EXPIRED: async () => {
    const operation = await scene.orderer.operation({ free: 1 }, { validMs: 1_000 });
    await sleep(1_010);
    return scene.orderer.orders(operation, { keyId: 'free', data: DATA });
  },
  OPERATION_REJECTED: async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    expected(await scene.ana.rejects(operation), 201);
    return scene.ben.approves(operation);
  },
  OPERATION_REVOKED: async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    expected(await scene.ana.revokes(operation), 201);
    return scene.orderer.orders(operation, { keyId: 'two', data: DATA });
  },
  USAGE_EXHAUSTED: async () => scene.orderer.orders(await scene.orderer.operation({ free: 1 }), { keyId: 'free', digests: [b64(32), b64(32)], digestAlgorithm: 'SHA-256' }),
  REQUEST_DIGEST_MISMATCH: async () => scene.ana.approves({ ...(await scene.orderer.operation({ two: 1 })), requestDigest: b64(32) }),
  APPROVAL_IN_USE: async () => {
    const operation = await scene.approved({ two: 2 });
    await scene.ended(await scene.orderer.orders(operation, { keyId: 'two', data: DATA }));
    return scene.ana.withdraws(operation);
  },
  ALREADY_DECIDED: async () => {
    const operation = await scene.orderer.operation({ two: 1 });
    expected(await scene.ana.approves(operation), 201);
    return scene.ana.rejects(operation);
  },
  KEY_DISABLED: async () => {
    await scene.key('disabled');
    expected(await scene.admin.disables('disabled'), 200);
    return scene.orderer.requests({ disabled: 1 });
  },
  KEY_EXISTS: () => scene.admin.registers({ keyId: 'free', purpose: 'document', algorithm: 'ES256', approvalPolicy: NONE }),
  DIGEST_NOT_BOUND: async () => scene.orderer.orders(await scene.orderer.operation({ free: 1 }, { binding: { digests: [b64(32)] } }), { keyId: 'free', data: DATA }),
  REVISION_NOT_REACHED: async () => scene.orderer.reads(await scene.orderer.operation({ free: 1 }), { 'if-min-revision': '99' }),
  PAYLOAD_TOO_LARGE: async () => scene.orderer.orders(await scene.orderer.operation({ free: 1 }), { keyId: 'free', data: b64(1024 * 1024 + 1) }),
  UNSUPPORTED_MEDIA_TYPE: () => scene.orderer.post('/v1/operations', '<x/>', { headers: { 'content-type': 'application/xml' }, wrong: true }),
  VALIDATION_FAILED: () => scene.orderer.requests({ free: 0 }, {}, { wrong: true }),
  KEY_UNKNOWN: () => scene.orderer.requests({ nowhere: 1 }),
  PKCS11_KEY_NOT_FOUND: () => scene.admin.registers({ keyId: 'adopted', purpose: 'document', algorithm: 'ES256', approvalPolicy: NONE, pkcs11: { label: 'nowhere' } }),
  ALGORITHM_UNSUPPORTED: () => narrow.admin.registers({ keyId: 'ed', purpose: 'document', algorithm: 'EdDSA', approvalPolicy: NONE }),
  IDEMPOTENCY_KEY_REUSED: async () => {
    expected(await scene.orderer.requests({ free: 1 }, {}, { key: 'reused' }), 201);
    return scene.orderer.requests({ free: 2 }, {}, { key: 'reused' });
  },
  RATE_LIMITED: async () => {
    for (let n = 0; n < 10; n += 1) expected(await narrow.auditor.get('/v1/keys'), 200);
    return narrow.auditor.get('/v1/keys');
  },
  IDENTITY_UNAVAILABLE: () => {
    const { issuer } = narrow.service;
    return narrow.bearer(issuer.sign({ alg: 'ES256', kid: 'x' }, issuer.claims('eve', ['administrator'], { iss: 'https://silent.example' }))).get('/v1/keys');
  },
};
/** Where the others are provoked: by credentials and clocks (signed decisions), by a genesis and sessions (acts of administration), by a sender that stalls (observability), and by broken parts. */
const ELSEWHERE = ['CHALLENGE_EXPIRED', 'CHALLENGE_USED', 'CREDENTIAL_NOT_ACTIVE', 'CREDENTIAL_EXISTS', 'CONTROL_PLANE_MOVED', 'QUORUM_TOO_SMALL', 'SESSION_REQUIRED', 'SESSION_ENDING', 'REQUEST_TIMEOUT', 'INTERNAL', 'HSM_UNAVAILABLE', 'STORE_UNAVAILABLE'];
/** Where in the input the fault lies. */
const FAULTY: Readonly<Record<string, string>> = { VALIDATION_FAILED: '/keyUsages/0/maxUsageCount', POLICY_UNSATISFIABLE: '/approvalPolicy/k' };
const DOCUMENTED = [...readFileSync(join(packageRoot, 'docs/errors.md'), 'utf8').matchAll(/^\| `([A-Z_0-9]+)` \| (\d{3}) \|/gm)].map(([, code = '', status]) => ({ code, status: Number(status) }));

describe('each documented code', () => {
  it('is provoked here or elsewhere', () => {
    expect(Object.keys(PROVOKED).concat(ELSEWHERE).sort()).toEqual(DOCUMENTED.map(({ code }) => code).sort());
  });
  it.each(DOCUMENTED.filter(({ code }) => !ELSEWHERE.includes(code)))('$code comes with $status, as a problem', async ({ code, status }) => {
    const answer = await (PROVOKED[code]?.() ?? Promise.reject(new Error('not provoked')));
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const id = answer.headers.get('x-request-id') ?? '';
    expect(id).not.toBe('');
    expect(answer.body).toEqual({
      type: `urn:countersign:error:${code}`, title: expect.any(String), status, detail: expect.any(String), code, instance: `urn:countersign:request:${id}`,
      ...(code in FAULTY ? { errors: [{ path: FAULTY[code], message: expect.any(String) }] } : {}),
    });
    expect(JSON.stringify(answer.body)).not.toMatch(/SELECT|CKR_|node_modules|\.js:|\bat \w+ \(/);
    expect(answer.headers.has('www-authenticate')).toBe(status === 401);
    expect(answer.headers.has('allow')).toBe(status === 405);
    if (status === 429 || status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    else expect(answer.headers.has('retry-after')).toBe(false);
  });
  it('HSM_UNAVAILABLE comes while the PIN is wrong, with nothing reserved', async () => {
    const operation = await narrow.orderer.operation({ fw: 1 });
    await narrow.service.stop();
    const { issuer } = narrow.service;
    narrow.service.configure({ hsm: { pin: '00000000' }, identity: { issuers: [{ issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks` }] } });
    await narrow.service.up({ ready: false });
    const refused = await eventually(() => narrow.orderer.orders(operation, { keyId: 'fw', data: DATA }), (answer) => answer.status === 503);
    expect(refused.said).toBe('503 HSM_UNAVAILABLE');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(expected(await narrow.orderer.reads(operation), 200).keyUsages[0]).toMatchObject({ usedCount: 0, remainingCount: 1 });
  });
});

describe('the order of checks', () => {
  const role = '403 ROLE_REQUIRED';
  it('asks for the token before all else', async () => {
    for (const [method, path, body] of [['POST', '/v1/operations', '{'], ['POST', '/v1/keys', { x: 1 }], ['GET', '/v1/keys/nowhere', undefined], ['GET', `/v1/operations/${NO_ID}?x=1`, undefined], ['POST', '/v1/operations', `"${'x'.repeat(3 * 1024 * 1024)}"`]] as const)
      expect((await scene.nobody.send(method, path, body, { wrong: true })).said).toBe('401 UNAUTHENTICATED');
  });
  it('asks for the role before shape, existence and state', async () => {
    const revoked = await scene.orderer.operation({ free: 1 });
    expected(await scene.orderer.revokes(revoked), 201);
    const asked = [
      scene.ana.post('/v1/operations', '{', { wrong: true }), scene.ana.post('/v1/operations', { x: 1 }, { wrong: true }), scene.ana.post('/v1/operations', `"${'x'.repeat(3 * 1024 * 1024)}"`, { wrong: true }),
      scene.orderer.registers({ keyId: 'free' }, { wrong: true }), scene.orderer.disables('nowhere'), scene.admin.orders({ operationId: NO_ID }, { keyId: 'x' }, { wrong: true }),
      scene.ana.orders(revoked, { keyId: 'free', data: DATA }), scene.orderer.audit('?limit=0'), scene.orderer.resolves({ operationId: NO_ID, signOrderId: NO_ID }, 'signed'),
    ];
    for (const answer of await Promise.all(asked)) expect(answer.said).toBe(role);
  });
  it('asks for the shape before existence, whose it is and state', async () => {
    const other = scene.as('orderer-2', ['orderer']);
    const revoked = await scene.orderer.operation({ free: 1 });
    expected(await scene.orderer.revokes(revoked), 201);
    for (const answer of await Promise.all([
      scene.orderer.orders({ operationId: NO_ID }, { keyId: 'free' }, { wrong: true }), other.orders(revoked, { keyId: 'free' }, { wrong: true }), scene.orderer.orders(revoked, { keyId: 'free', data: 'x' }, { wrong: true }),
      scene.ana.post(`/v1/operations/${NO_ID}/decisions`, { decision: 'maybe' }, { wrong: true }), scene.orderer.post(`/v1/operations/${revoked.operationId}/revocation`, {}, { wrong: true }),
      scene.admin.setsPolicy('nowhere', { type: 'some' }, { wrong: true }), scene.admin.registers({ keyId: 'free', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' }, more: 1 }, { wrong: true }),
      scene.orderer.requests({ nowhere: 0 }, {}, { wrong: true }), scene.orderer.lists('?state=unknown'), scene.orderer.get(`/v1/operations/${NO_ID}?until=later`),
    ])) expect(answer.said).toBe('422 VALIDATION_FAILED');
  });
  it('asks whose it is before state, and before what only its readers may know', async () => {
    const other = scene.as('orderer-2', ['orderer']);
    const pending = await scene.orderer.operation({ two: 1 });
    const revoked = await scene.orderer.operation({ free: 1 });
    expected(await scene.orderer.revokes(revoked), 201);
    for (const answer of await Promise.all([
      other.orders(pending, { keyId: 'two', data: DATA }), other.orders(pending, { keyId: 'nowhere', data: DATA }), other.orders(revoked, { keyId: 'free', data: DATA }), other.revokes(revoked),
      other.orders(pending, { keyId: 'two', digests: [b64(48)], digestAlgorithm: 'SHA-384' }), other.orders(pending, { keyId: 'free', digests: [b64(48)], digestAlgorithm: 'SHA-384' }), other.reads(pending, { 'if-min-revision': '99' }),
    ])) expect(answer.said).toBe('403 NOT_YOUR_OPERATION');
  });
  it('goes through an order by state, window, key, binding, what is left', async () => {
    await scene.key('off');
    const later = { notBefore: '2999-01-01T00:00:00Z', binding: { digests: [b64(48)] } };
    const [pending, future, open] = await Promise.all([scene.orderer.operation({ two: 1 }, later), scene.orderer.operation({ free: 1 }, later), scene.orderer.operation({ free: 1, off: 1 }, { binding: later.binding })]);
    expected(await scene.admin.disables('off'), 200);
    const digests = [b64(32), b64(32)];
    const orders = async (operation: typeof open, keyId: string): Promise<string> => (await scene.orderer.orders(operation, { keyId, digests, digestAlgorithm: 'SHA-256' })).said;
    expect(await orders(pending, 'nowhere')).toBe('409 OPERATION_NOT_APPROVED');
    expect(await orders(future, 'nowhere')).toBe('409 OPERATION_NOT_YET_VALID');
    expect(await orders(open, 'nowhere')).toBe('422 KEY_UNKNOWN');
    expect(await orders(open, 'off')).toBe('409 KEY_DISABLED');
    expect(await orders(open, 'free')).toBe('409 DIGEST_NOT_BOUND');
    expected(await scene.admin.revokes(open), 201);
    expect(await orders(open, 'nowhere')).toBe('409 OPERATION_REVOKED');
  });
  it('goes through a decision by own operation, eligibility, digest, own earlier decision, state', async () => {
    const [both, stranger] = [scene.as('both', ['orderer', 'approver']), scene.approver('dan', 'other')];
    const own = await both.operation({ two: 1 });
    const wrong = { ...own, requestDigest: b64(32) };
    expect((await both.approves(wrong)).said).toBe('403 SELF_APPROVAL');
    expect((await stranger.approves(wrong)).said).toBe('403 NOT_ELIGIBLE');
    expected(await scene.ana.approves(own), 201);
    expect((await scene.ana.rejects(wrong)).said).toBe('409 REQUEST_DIGEST_MISMATCH');
    expected(await scene.admin.revokes(own), 201);
    expect((await both.approves(own)).said).toBe('403 SELF_APPROVAL');
    expect((await stranger.approves(own)).said).toBe('403 NOT_ELIGIBLE');
    expect((await scene.ben.approves(wrong)).said).toBe('409 REQUEST_DIGEST_MISMATCH');
    expect((await scene.ana.rejects(own)).said).toBe('409 ALREADY_DECIDED');
    expect((await scene.ben.approves(own)).said).toBe('409 OPERATION_REVOKED');
  });
});
