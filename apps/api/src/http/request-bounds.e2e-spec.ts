import { request } from 'node:http';
import { GetKeyQuery } from '#keys/application/get-key/get-key.query.js';
import { RequestOperationCommand } from '#operations/application/request-operation/request-operation.command.js';
import { CheckedClient } from '#test/openapi/checked-client.js';
import type { FakeApi } from './testing/fake-api.js';
import { startFakeApi, tokenOf } from './testing/fake-api.js';
import { KEY, OPERATION as VIEW } from './testing/views.js';

const admin = tokenOf('admin-1', 'administrator');
const orderer = tokenOf('orderer-1', 'orderer');
const OPERATION = { keyUsages: [{ keyId: 'fw', maxUsageCount: 1 }], description: 'a', validMs: 1000 };
const tooMany = { status: 429, body: { code: 'RATE_LIMITED' } };

describe('what is under way at one time', () => {
  let api: FakeApi;
  let client: CheckedClient;
  let waiting: (() => void)[] = [];
  const arrived = async (count: number): Promise<void> => {
    while (waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const letGo = (): void => {
    for (const go of waiting.splice(0)) go();
  };
  /** Repeats until it has come about: that an answer has left is seen a moment later. */
  const until = async (ask: () => Promise<{ readonly status: number }>, status: number): Promise<void> => {
    for (const end = performance.now() + 5_000; (await ask()).status !== status; ) if (performance.now() > end) throw new Error(`no ${status}`);
  };
  beforeEach(async () => {
    waiting = [];
    api = await startFakeApi({ bounds: { requests: 2, probes: 1, bodiesBytes: 2_000 } });
    client = await CheckedClient.of(api.url);
    api.application.on(GetKeyQuery, () => new Promise((resolve) => waiting.push(() => resolve(KEY))));
    api.application.on(RequestOperationCommand, () => new Promise((resolve) => waiting.push(() => resolve(VIEW))));
  });
  afterEach(async () => {
    letGo();
    await api.close();
  });
  const get = () => client.get('/v1/keys/fw', { token: admin });

  it('is bounded: who comes beyond it is told when to come again, and probes are answered', async () => {
    const begun = [get(), get()];
    await arrived(2);
    const over = await client.get('/v1/keys', { token: admin });
    expect(over).toMatchObject(tooMany);
    expect(over.headers.get('retry-after')).toBe('1');
    expect((await client.get('/healthz')).status).toBe(200);
    letGo();
    expect((await Promise.all(begun)).map((a) => a.status)).toEqual([200, 200]);
    await until(() => client.get('/v1/keys', { token: admin }), 200);
  });

  it('bounds probes by themselves', async () => {
    let go = (): void => undefined;
    const held = new Promise<string | undefined>((resolve) => (go = () => resolve(undefined)));
    let asked = false;
    api.checks.push({ name: 'slow', check: () => ((asked = true), held) });
    const first = client.get('/readyz');
    while (!asked) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await fetch(`${api.url}/healthz`)).status).toBe(429);
    expect((await client.get('/v1/keys', { token: admin })).status).toBe(200);
    go();
    expect((await first).status).toBe(200);
    await until(() => client.get('/healthz'), 200);
  });

  it('counts a request whose caller went away until its handler is through', async () => {
    const calls = [1, 2].map(() => request(`${api.url}/v1/keys/fw`, { headers: { authorization: admin } }).on('error', () => undefined));
    for (const call of calls) call.end();
    await arrived(2);
    for (const call of calls) call.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await client.get('/v1/keys', { token: admin })).toMatchObject(tooMany);
    letGo();
    await until(() => client.get('/v1/keys', { token: admin }), 200);
  });

  it('bounds the bytes of all bodies together, while they are read and while they are worked on', async () => {
    const body = { ...OPERATION, description: 'x'.repeat(1_200) };
    const first = client.post('/v1/operations', { token: orderer, body });
    await arrived(1);
    expect(await client.post('/v1/operations', { token: orderer, body })).toMatchObject(tooMany);
    letGo();
    expect((await first).status).toBe(201);
    await until(async () => {
      const again = client.post('/v1/operations', { token: orderer, body });
      const answered = await Promise.race([again, arrived(1).then(() => undefined)]);
      letGo();
      return answered ?? again;
    }, 201);
  });

  it('gives the bytes of a body back whose sender went away', async () => {
    for (let i = 0; i < 5; i += 1) {
      const call = request(`${api.url}/v1/operations`, { method: 'POST', headers: { authorization: orderer, 'content-type': 'application/json', 'content-length': '1900' } }).on('error', () => undefined);
      call.write('{'.padEnd(1_500));
      await new Promise((resolve) => setTimeout(resolve, 20));
      call.destroy();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const order = client.post('/v1/operations', { token: orderer, body: { ...OPERATION, description: 'x'.repeat(1_000) } });
    await arrived(1);
    letGo();
    expect((await order).status).toBe(201);
  });
});
