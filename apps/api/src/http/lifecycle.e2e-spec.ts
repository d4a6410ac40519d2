import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, Get, Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { GetKeyQuery } from '#keys/application/get-key/get-key.query.js';
import { TOKEN_MINT } from '#platform/http/ports/token-mint.port.js';
import { ClockController } from '#platform/time/http/clock.controller.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import { createHttpApp } from './create-http-app.js';
import { DevTokenController } from './dev-token/dev-token.controller.js';
import { HealthModule } from './health/health.module.js';
import type { FakeApi } from './testing/fake-api.js';
import { startFakeApi, tokenOf } from './testing/fake-api.js';
import { KEY } from './testing/views.js';

const admin = tokenOf('admin-1', 'administrator');
const opened: FakeApi[] = [];
const start = async (...options: Parameters<typeof startFakeApi>): Promise<FakeApi> => {
  const api = await startFakeApi(...options);
  opened.push(api);
  return api;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((api) => api.close()));
});
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const http = { tls: null, trustProxy: false, rateLimit: null };

describe('health', () => {
  it('is alive, ready and measured', async () => {
    const api = await start();
    const client = await CheckedClient.of(api.url);
    expect(await client.get('/healthz')).toMatchObject({ status: 200, body: { status: 'alive' } });
    expect(await client.get('/metrics')).toMatchObject({ status: 200, body: 'up 1\n' });
    api.checks.push({ name: 'event store', check: () => Promise.resolve(undefined) });
    expect(await client.get('/readyz')).toMatchObject({ status: 200, body: { status: 'ready', checks: [{ name: 'event store', ok: true }] } });
  });
  it('names every failing check, and why', async () => {
    const api = await start();
    const client = await CheckedClient.of(api.url);
    api.checks.push(
      { name: 'event store', check: () => Promise.resolve(undefined) },
      { name: 'hsm', check: () => Promise.resolve('PIN_INCORRECT') },
      { name: 'subscriptions', check: () => Promise.reject(new Error('internal text')) },
      { name: 'signer', check: () => new Promise(() => undefined) },
    );
    const answer = await client.get('/readyz?verbose');
    expect(answer).toMatchObject({ status: 503, body: { status: 'not-ready', checks: [
      { name: 'event store', ok: true }, { name: 'hsm', ok: false, reason: 'PIN_INCORRECT' }, { name: 'subscriptions', ok: false, reason: 'the check itself failed' }, { name: 'signer', ok: false, reason: 'no answer within 2000 ms' },
    ] } });
  });
});

describe('start', () => {
  it('refuses a route that declares no endpoint', async () => {
    @Controller()
    class ForgottenController {
      @Get('/v1/forgotten') show(): string { return 'x'; }
    }
    @Module({ controllers: [ForgottenController] })
    class ForgottenModule {}
    await expect(createHttpApp(ForgottenModule, { http, log: silent })).rejects.toThrow('the route GET /v1/forgotten declares no endpoint');
  });
  it('refuses endpoints that need a token when nobody can check one', async () => {
    @Module({ imports: [CqrsModule.forRoot()], controllers: [ClockController] })
    class NobodyModule {}
    await expect(createHttpApp(NobodyModule, { http, log: silent })).rejects.toThrow('no Authenticator is provided');
  });
  it('serves health alone, as the worker and the signer do', async () => {
    @Module({ imports: [HealthModule] })
    class WorkerModule {}
    const app = await createHttpApp(WorkerModule, { http, log: silent });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/metrics`)).status).toBe(404);
    expect((await fetch(`${url}/openapi.json`)).status).toBe(404);
    await app.close();
  });
  it('serves TLS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyFile, '-out', certFile, '-subj', '/CN=localhost', '-days', '1'], { stdio: 'ignore' });
    const api = await start({ http: { ...http, tls: { certFile, keyFile } } });
    const status = await new Promise((resolve, reject) => void get(`${api.url}/healthz`, { agent: new Agent({ rejectUnauthorized: false }) }, (answer) => resolve(answer.resume().statusCode)).on('error', reject));
    expect(status).toBe(200);
    await expect(createHttpApp(class {}, { http: { ...http, tls: { certFile: join(folder, 'none'), keyFile } }, log: silent })).rejects.toThrow('ENOENT');
    rmSync(folder, { recursive: true });
  });
});

it('limits requests a caller, not all callers', async () => {
  const api = await start({ http: { ...http, rateLimit: { requestsPerMinute: 60 } } });
  const client = await CheckedClient.of(api.url);
  for (let i = 0; i < 10; i++) expect((await client.get('/v1/keys', { token: admin })).status).toBe(200);
  const over = await client.get('/v1/keys', { token: admin });
  expect(over).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  expect(over.headers.get('retry-after')).toBe('1');
  expect((await client.get('/v1/keys', { token: tokenOf('admin-2', 'administrator') })).status).toBe(200);
  expect((await client.get('/healthz')).status).toBe(200);
});

it('mounts handlers of Node’s with their bodies unread', async () => {
  const api = await start({ mounts: [{ path: '/dev/oidc', handler: (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => response.end(JSON.stringify({ url: request.url, originalUrl: request.originalUrl, method: request.method, body })));
  } }] });
  const ask = async (path: string, init?: RequestInit): Promise<unknown> => (await fetch(api.url + path, init)).json();
  expect(await ask('/dev/oidc/token?a=1', { method: 'POST', body: 'grant_type=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } })).toEqual({ url: '/token?a=1', originalUrl: '/dev/oidc/token?a=1', method: 'POST', body: 'grant_type=x' });
  expect(await ask('/dev/oidc')).toMatchObject({ url: '/', originalUrl: '/dev/oidc' });
  expect(await ask('/dev/oidc?a=1')).toMatchObject({ url: '/?a=1' });
  expect((await fetch(`${api.url}/dev/oidcx`)).status).toBe(404);
});

it('mints development tokens where there is a mint, and only there', async () => {
  const mint = { mintToken: (user: string) => Promise.resolve(user === 'approver1' ? 'token' : undefined) };
  const client = await CheckedClient.of((await start({}, { controllers: [DevTokenController], providers: [{ provide: TOKEN_MINT, useValue: mint }] })).url);
  expect(await client.post('/dev/token', { body: { user: 'approver1' } })).toMatchObject({ status: 200, body: { accessToken: 'token' } });
  expect(await client.post('/dev/token', { body: { user: 'nobody' } })).toMatchObject({ status: 422, body: { errors: [{ path: '/user' }] } });
  expect(await client.post('/dev/token', { body: { user: 7 }, wrong: true })).toMatchObject({ status: 422 });
  const without = await CheckedClient.of((await start()).url);
  expect(await without.post('/dev/token', { body: { user: 'approver1' } })).toMatchObject({ status: 404 });
});

it('finishes what it is answering when it closes, and takes nothing new', async () => {
  const api = await startFakeApi();
  let release = (): void => undefined;
  const reached = new Promise<void>((resolve) => api.application.on(GetKeyQuery, () => {
    resolve();
    return new Promise((done) => (release = () => done(KEY)));
  }));
  const inFlight = fetch(`${api.url}/v1/keys/fw`, { headers: { authorization: admin } });
  await reached;
  const closing = api.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(fetch(`${api.url}/healthz`)).rejects.toThrow();
  release();
  const answer = await inFlight;
  expect(answer.status).toBe(200);
  expect(answer.headers.get('connection')).toBe('close');
  const before = performance.now();
  await closing;
  expect(performance.now() - before).toBeLessThan(1000);
});
