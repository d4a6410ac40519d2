import { request } from 'node:http';
import { connect } from 'node:net';
import { DomainError } from '#kernel/domain-error.js';
import { OutcomeUnknownError, StoreUnavailableError } from '#eventing/event-store.port.js';
import { GetKeyQuery } from '#keys/application/get-key/get-key.query.js';
import { RegisterKeyCommand } from '#keys/application/register-key/register-key.command.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import { HTTP_LIMITS } from './http-options.js';
import type { FakeApi } from './testing/fake-api.js';
import { startFakeApi, tokenOf } from './testing/fake-api.js';

const admin = tokenOf('admin-1', 'administrator');
const orderer = tokenOf('orderer-1', 'orderer');
const KEY = { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { type: 'none' } };
const OPERATION = { keyUsages: [{ keyId: 'fw', maxUsageCount: 1 }], description: 'a', validMs: 1000 };

let api: FakeApi;
let client: CheckedClient;
beforeAll(async () => {
  api = await startFakeApi();
  client = await CheckedClient.of(api.url);
});
afterAll(() => api.close());
beforeEach(() => {
  api.application.reset();
  api.lines.length = 0;
  api.observed.length = 0;
  api.refused.length = 0;
});

describe('the order of checks', () => {
  const wrong = { body: '{"broken', wrong: true, headers: { 'content-type': 'text/plain', 'idempotency-key': '\u00e9' } };

  it('asks for the token first', async () => {
    const none = await client.post('/v1/keys?x=1', wrong);
    expect(none).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED', type: 'urn:countersign:error:UNAUTHENTICATED', status: 401 } });
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="countersign"');
    const bad = await client.post('/v1/keys', { ...wrong, token: 'Basic abc' });
    expect(bad.headers.get('www-authenticate')).toBe('Bearer realm="countersign", error="invalid_token"');
  });

  it('asks for the role next', async () => {
    expect(await client.post('/v1/keys?x=1', { ...wrong, token: orderer })).toMatchObject({ status: 403, body: { code: 'ROLE_REQUIRED' } });
    expect(await client.get('/v1/keys', { token: tokenOf('stranger', 'janitor') })).toMatchObject({ status: 403, body: { code: 'ROLE_REQUIRED' } });
    expect(await client.get('/v1/keys', { token: tokenOf('auditor-1', 'auditor') })).toMatchObject({ status: 200 });
  });

  it('does not read a body before both', async () => {
    // The body never ends: an answer can only come when nobody waits for it.
    for (const [token, status] of [[undefined, 401], [orderer, 403]] as const) {
      const answered = await new Promise<number | undefined>((resolve, reject) => {
        const call = request(`${api.url}/v1/keys`, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': '1000', ...(token === undefined ? {} : { authorization: token }) } }, (answer) => {
          resolve(answer.statusCode);
          call.destroy();
        });
        call.on('error', reject).write('{');
      });
      expect(answered).toBe(status);
    }
  });

  it('looks at the shape before whose it is', async () => {
    const id = '00000000-0000-4000-8000-000000000000';
    expect(await client.post(`/v1/operations/${id}/sign-orders`, { token: orderer, body: {}, wrong: true })).toMatchObject({ status: 422 });
    expect(api.application.asked).toEqual([]);
  });
});

describe('bodies', () => {
  it.each<[string | Uint8Array, number, string]>([
    ['{"a":', 400, 'MALFORMED_JSON'], ['', 422, 'VALIDATION_FAILED'], ['[]', 422, 'VALIDATION_FAILED'], ['null', 422, 'VALIDATION_FAILED'], ['7', 422, 'VALIDATION_FAILED'], ['NaN', 400, 'MALFORMED_JSON'],
    [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400, 'MALFORMED_JSON'], ['\u{feff}{}', 400, 'MALFORMED_JSON'], [`${'['.repeat(900_000)}${']'.repeat(900_000)}`, 422, 'VALIDATION_FAILED'],
    [`{"keyUsages":${'['.repeat(900_000)}${']'.repeat(900_000)}}`, 422, 'VALIDATION_FAILED'], ['{"__proto__":{"description":"x"}}', 422, 'VALIDATION_FAILED'],
  ])('body number %# of the list', async (body, status, code) => {
    expect(await client.post('/v1/operations', { token: orderer, body, wrong: true })).toMatchObject({ status, body: { code } });
    expect(api.application.asked).toEqual([]);
  });

  it('refuses texts that are no Unicode, and NUL, wherever they stand', async () => {
    const body = String.raw`{"keyUsages":[{"keyId":"fw","maxUsageCount":1}],"description":"a\ud800b","approverContext":"nul\u0000","validMs":1000,"x\ud800":1}`;
    expect(await client.post('/v1/operations', { token: orderer, body, wrong: true })).toMatchObject({ status: 422, body: { errors: expect.arrayContaining([expect.objectContaining({ path: '/description' }), expect.objectContaining({ path: '/approverContext' })]) } });
    expect(await client.post('/v1/operations', { token: orderer, body: String.raw`{"keyUsages":[{"keyId":"fw","maxUsageCount":1}],"description":"\ud83d\udc4d \\u0000","validMs":1000}`, wrong: true })).toMatchObject({ status: 201 });
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'application/problem+json', 'nonsense', 'application/jsonx'])('refuses %s', async (type) => {
    expect(await client.post('/v1/operations', { token: orderer, body: OPERATION, headers: { 'content-type': type } })).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });
  it('refuses compressed bodies, and takes a charset that is UTF-8', async () => {
    expect(await client.post('/v1/operations', { token: orderer, body: OPERATION, headers: { 'content-encoding': 'gzip' } })).toMatchObject({ status: 415 });
    expect(await client.post('/v1/operations', { token: orderer, body: OPERATION, headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } })).toMatchObject({ status: 201 });
  });
  it('minds no media type where there is no body', async () => {
    expect(await client.delete('/v1/operations/0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e/decisions/mine', { token: orderer, headers: { 'content-type': 'text/plain' } })).toMatchObject({ status: 200 });
  });
  it('takes an empty object, and nothing else, where a call takes no body', async () => {
    const path = '/v1/operations/0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e/decisions/mine';
    expect(await client.call('DELETE', path, { token: orderer, body: '{}', wrong: true })).toMatchObject({ status: 200 });
    expect(await client.call('DELETE', path, { token: orderer, body: '{"a":1}', wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: '/a' }] } });
  });

  it('takes 2 MiB, answers 413 beyond it and closes the connection', async () => {
    const ofLength = (bytes: number): string => JSON.stringify({ ...OPERATION, pad: 'x'.repeat(bytes - JSON.stringify({ ...OPERATION, pad: '' }).length) });
    expect(await client.post('/v1/operations', { token: orderer, body: ofLength(HTTP_LIMITS.bodyBytes), wrong: true })).toMatchObject({ status: 422, body: { errors: [{ path: '/pad' }] } });
    const over = await client.post('/v1/operations', { token: orderer, body: ofLength(HTTP_LIMITS.bodyBytes + 1), wrong: true });
    expect(over).toMatchObject({ status: 413, body: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(over.headers.get('connection')).toBe('close');
    expect(await client.post('/v1/operations', { token: orderer, body: ofLength(8 * 1024 * 1024), wrong: true })).toMatchObject({ status: 413 });
  });
  it('answers 413 to a body without announced length, too', async () => {
    const status = await new Promise((resolve, reject) => {
      const call = request(`${api.url}/v1/operations`, { method: 'POST', headers: { 'content-type': 'application/json', authorization: orderer } }, (answer) => resolve(answer.resume().statusCode));
      call.on('error', reject);
      for (let i = 0; i < 3; i++) call.write('x'.repeat(1024 * 1024));
      call.end();
    });
    expect(status).toBe(413);
  });
});

describe('parameters and headers', () => {
  it('refuses unknown and repeated query parameters everywhere', async () => {
    expect(await client.get('/v1/keys?limit=1&limit=2&x=1', { token: admin })).toMatchObject({ status: 422, body: { errors: [{ path: 'limit', message: 'must be given once' }, { path: 'x', message: 'is not known' }] } });
    expect(await client.post('/v1/keys?dryRun=1', { token: admin, body: KEY })).toMatchObject({ status: 422, body: { errors: [{ path: 'dryRun' }] } });
    expect(await client.get('/v1/keys/fw?__proto__=1&constructor=2', { token: admin })).toMatchObject({ status: 422, body: { errors: [{ path: '__proto__' }, { path: 'constructor' }] } });
    expect(api.application.asked).toEqual([]);
  });
  it.each(['0', '201', '-1', '1.5', '', 'x', '01', '1e2', '%20'])('refuses limit=%s', async (limit) => {
    expect(await client.get(`/v1/keys?limit=${limit}`, { token: admin })).toMatchObject({ status: 422, body: { errors: [{ path: 'limit' }] } });
  });
  it('refuses cursors that are none', async () => {
    expect(await client.get(`/v1/keys?cursor=${'x'.repeat(1001)}`, { token: admin })).toMatchObject({ status: 422, body: { errors: [{ path: 'cursor' }] } });
  });
  it('takes idempotency keys of 1 to 200 printable characters', async () => {
    for (const [key, status] of [['k', 201], ['x'.repeat(200), 201], ['with spaces ~!', 201], ['', 422], ['x'.repeat(201), 422], ['é', 422], ['a\tb', 422]] as const)
      expect({ key, ...(await client.post('/v1/operations', { token: orderer, body: OPERATION, headers: { 'idempotency-key': key } })) }).toMatchObject({ key, status, ...(status === 422 ? { body: { errors: [{ path: 'Idempotency-Key' }] } } : {}) });
  });

  it('rule 3: makes the same command of the same caller, method, path and key', async () => {
    const send = async (token: string, key?: string, body: object = OPERATION) => {
      await client.post('/v1/operations', { token, body, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });
      const { meta } = api.application.only(RequestOperationCommand);
      api.application.reset();
      return meta;
    };
    const first = await send(orderer, 'k1');
    expect(first).toMatchObject({ keyed: true, actor: { issuer: 'https://idp.example', subject: 'orderer-1' }, requestId: expect.any(String), bodyDigest: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) });
    expect((await send(orderer, 'k1')).commandId).toBe(first.commandId);
    expect((await send(orderer, 'k2')).commandId).not.toBe(first.commandId);
    expect((await send(tokenOf('orderer-2', 'orderer'), 'k1')).commandId).not.toBe(first.commandId);
    const reordered = await send(orderer, 'k1', { validMs: 1000.0, description: 'a', keyUsages: [{ maxUsageCount: 1, keyId: 'fw' }] });
    expect(reordered).toMatchObject({ commandId: first.commandId, bodyDigest: first.bodyDigest });
    expect((await send(orderer, 'k1', { ...OPERATION, description: 'b' })).bodyDigest).not.toBe(first.bodyDigest);
    const unkeyed = await send(orderer);
    expect(unkeyed).toMatchObject({ keyed: false });
    expect((await send(orderer)).commandId).not.toBe(unkeyed.commandId);
  });

  it('takes a sane request id, and makes one where there is none', async () => {
    const given = await client.get('/v1/keys/none.such', { token: admin, headers: { 'x-request-id': 'build-8123.retry_1' } });
    expect(given.headers.get('x-request-id')).toBe('build-8123.retry_1');
    for (const id of ['x'.repeat(129), 'a b', '<script>']) expect((await client.get('/v1/keys', { token: admin, headers: { 'x-request-id': id } })).headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const problem = await client.get('/v1/nothing', { headers: { 'x-request-id': 'abc' } });
    expect(problem.body).toMatchObject({ instance: 'urn:countersign:request:abc' });
  });
});

describe('wrong places', () => {
  it('answers 404 to unknown paths, 405 with Allow to methods that a path does not take', async () => {
    expect(await client.get('/v1/nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await client.get('/v1/keys/', { token: admin })).toMatchObject({ status: 404 });
    expect(await client.post('/v1/keys//enable', { token: admin, body: { reason: 'x' } })).toMatchObject({ status: 404 });
    const patch = await client.call('PATCH', '/v1/keys/fw', { body: {}, token: admin });
    expect(patch).toMatchObject({ status: 405, body: { code: 'METHOD_NOT_ALLOWED' } });
    expect(patch.headers.get('allow')).toBe('GET, HEAD');
    expect((await client.delete('/v1/keys')).headers.get('allow')).toBe('GET, HEAD, POST');
    expect((await client.call('OPTIONS', '/v1/operations')).status).toBe(405);
  });
  it('does not read the body of what it does not serve', async () => {
    expect(await client.post('/v1/nothing', { body: '{"broken' })).toMatchObject({ status: 404 });
  });
  it('answers 404 with its code to ids that can be none', async () => {
    for (const id of ['not-a-uuid', '0', '%00', `${'a'.repeat(5000)}`]) expect(await client.get(`/v1/operations/${id}`, { token: admin })).toMatchObject({ status: 404, body: { code: 'OPERATION_NOT_FOUND' } });
    for (const id of ['Upper', '-x', 'x'.repeat(65), 'a%2Fb', '%F0%9F%91%8D']) expect(await client.get(`/v1/keys/${id}`, { token: admin })).toMatchObject({ status: 404, body: { code: 'KEY_NOT_FOUND' } });
    expect(await client.get('/v1/operations/0D6F4C0E-8F0C-5A53-9A53-0B6C5D1F1F5E/sign-orders/1', { token: admin })).toMatchObject({ status: 404, body: { code: 'SIGN_ORDER_NOT_FOUND' } });
    expect(api.application.asked).toEqual([]);
  });
  it('answers 400 to a path that is not encoded as it should be', async () => {
    expect(await client.get('/v1/keys/%zz', { token: admin })).toMatchObject({ status: 400, body: { code: 'MALFORMED_REQUEST' } });
  });
  it.each([
    ['what is no HTTP', 'hello\r\n\r\n', '400', 'MALFORMED_REQUEST'],
    ['headers too long', `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(HTTP_LIMITS.headerBytes)}\r\n\r\n`, '400', 'MALFORMED_REQUEST'],
    ['two lengths', 'POST /v1/keys HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', '400', 'MALFORMED_REQUEST'],
  ])('answers a problem to %s, and closes', async (_, sent, status, code) => {
    const { hostname, port } = new URL(api.url);
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write(sent));
      socket.on('data', (chunk) => (text += chunk.toString())).on('close', () => resolve(text)).on('error', reject);
    });
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('application/problem+json');
    expect(JSON.parse(body)).toMatchObject({ code, status: Number(status) });
  });
});

describe('errors of handlers', () => {
  it('passes on refusals', async () => {
    api.application.on(RegisterKeyCommand, () => { throw new DomainError('KEY_EXISTS', 'fw is there already'); });
    expect(await client.post('/v1/keys', { token: admin, body: KEY })).toMatchObject({ status: 409, body: { code: 'KEY_EXISTS', detail: 'fw is there already', title: expect.any(String) } });
    api.application.on(RegisterKeyCommand, () => { throw new DomainError('HSM_UNAVAILABLE', 'no token', { retryAfterSeconds: 7 }); });
    expect((await client.post('/v1/keys', { token: admin, body: KEY })).headers.get('retry-after')).toBe('7');
  });
  it('tells a client when to come back', async () => {
    expect((await client.get('/v1/keys', { token: tokenOf('unreachable') })).headers.get('retry-after')).toBe('30');
    for (const error of [new StoreUnavailableError('disk full'), new OutcomeUnknownError('?'), Object.assign(new Error('from a thread'), { name: 'StoreUnavailableError' })]) {
      api.application.on(GetKeyQuery, () => { throw error; });
      const answer = await client.get('/v1/keys/fw', { token: admin });
      expect(answer).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
  });
  it('lets nothing out of what nobody foresaw', async () => {
    for (const thrown of [new Error('SELECT secret FROM pins'), 'a text', undefined, { statusCode: 200 }]) {
      api.application.on(GetKeyQuery, () => Promise.reject(thrown as Error));
      const answer = await client.get('/v1/keys/fw', { token: admin, headers: { 'x-request-id': 'find-me' } });
      expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
      expect(JSON.stringify(answer.body)).not.toMatch(/secret|a text|at /);
    }
    expect(api.lines.filter((line) => line.level === 'error').map((line) => line.fields.requestId)).toEqual(['find-me', 'find-me', 'find-me', 'find-me']);
  });
});

describe('what is written of a request', () => {
  it('is one line, with the pattern of its route and no value of it', async () => {
    await client.get('/v1/keys/very-secret?limit=hidden', { token: admin, headers: { 'x-request-id': 'r1' } });
    const lines = api.lines.filter((line) => line.message === 'request');
    expect(lines).toEqual([{ level: 'info', message: 'request', fields: { requestId: 'r1', method: 'GET', route: '/v1/keys/:keyId', status: 422, durationMs: expect.any(Number), issuer: 'https://idp.example', subject: 'admin-1' } }]);
    expect(api.observed).toEqual([{ method: 'GET', route: '/v1/keys/:keyId', status: 422 }]);
    expect(JSON.stringify(api.lines)).not.toMatch(/very-secret|hidden|Bearer/);
  });
  it('names unknown paths by one word', async () => {
    await client.get('/v1/nothing/here');
    expect(api.observed).toEqual([{ method: 'GET', route: 'unmatched', status: 404 }]);
  });
  it('counts each problem once, by its code, whichever layer it comes from', async () => {
    await client.get('/v1/keys');
    await client.get('/v1/audit/events', { token: admin });
    await client.get('/v1/nothing/here');
    await client.call('PATCH', '/v1/keys');
    await client.post('/v1/keys', { token: admin, body: '{', wrong: true });
    await client.get('/v1/keys?limit=0', { token: admin });
    await client.get('/v1/keys/%zz', { token: admin });
    api.application.on(GetKeyQuery, () => { throw new DomainError('KEY_NOT_FOUND', 'there is no such key'); });
    await client.get('/v1/keys/fw', { token: admin });
    await client.get('/v1/keys', { token: admin });
    expect(api.refused).toEqual(['UNAUTHENTICATED', 'ROLE_REQUIRED', 'NOT_FOUND', 'METHOD_NOT_ALLOWED', 'MALFORMED_JSON', 'VALIDATION_FAILED', 'MALFORMED_REQUEST', 'KEY_NOT_FOUND']);
  });
});
