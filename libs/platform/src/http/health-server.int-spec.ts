import { startHealthServer } from './health-server.js';
import type { HealthServer } from './health-server.js';

describe('health and metrics of a process that serves nothing else', () => {
  let server: HealthServer;
  let reason: string | undefined;
  const get = async (path: string, init: RequestInit = {}): Promise<{ readonly status: number; readonly text: string; readonly type: string | null }> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, init);
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
  };
  beforeEach(async () => {
    reason = undefined;
    const checks = [{ name: 'token', check: () => Promise.resolve(reason) }, { name: 'store', check: () => (reason === 'throws' ? Promise.reject(new Error('secret')) : Promise.resolve(undefined)) }];
    server = await startHealthServer({ port: 0, host: '127.0.0.1' }, checks, { render: () => (reason === 'throws' ? Promise.reject(new Error('secret')) : Promise.resolve({ contentType: 'text/plain; version=0.0.4', body: 'one 1\n' })) });
  });
  afterEach(() => server.close());

  it('tells that it is alive, and its numbers', async () => {
    expect(await get('/healthz')).toEqual({ status: 200, text: '{"status":"alive"}', type: 'application/json' });
    expect(await get('/metrics?x=1')).toEqual({ status: 200, text: 'one 1\n', type: 'text/plain; version=0.0.4' });
  });

  it('tells whether it can do its work, and why not', async () => {
    expect((await get('/readyz')).status).toBe(200);
    reason = 'PIN_INCORRECT';
    const { status, text } = await get('/readyz');
    expect({ status, body: JSON.parse(text) as unknown }).toEqual({ status: 503, body: { status: 'not-ready', checks: [{ name: 'token', ok: false, reason: 'PIN_INCORRECT' }, { name: 'store', ok: true }] } });
  });

  it('shows nothing of what broke in a check', async () => {
    reason = 'throws';
    expect((await get('/readyz')).text).not.toContain('secret');
    expect(await get('/metrics')).toMatchObject({ status: 500, text: expect.not.stringContaining('secret') as string });
  });

  it.each([['/', {}], ['/v1/keys', {}], ['/healthz', { method: 'POST', body: '{}' }], ['/toString', {}]])('has nothing else: %s', async (path, init) => {
    expect((await get(path, init)).status).toBe(404);
  });
});
