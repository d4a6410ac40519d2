import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Principal } from '#identity/contract.js';
import { JoseTokenVerifier } from '#identity/adapters/jose/jose-token-verifier.js';
import type { LogFields } from '#platform/logging/log.js';
import { createDevIdentity, type DevIdentity } from './create-dev-identity.js';
import { memoryAdapter } from './memory-adapter.js';

const CLOCK = { wall: () => Date.now(), monotonic: () => performance.now() };

/** A browser as far as this needs one: cookies by name, no redirects followed by itself. */
class Browser {
  private readonly cookies = new Map<string, string>();
  async go(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { ...(init.headers as Record<string, string>), ...(cookie === '' ? {} : { cookie }) } });
    for (const set of response.headers.getSetCookie()) {
      const [pair = ''] = set.split(';');
      const at = pair.indexOf('=');
      if (pair.slice(at + 1) === '') this.cookies.delete(pair.slice(0, at));
      else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
}

describe('createDevIdentity', () => {
  let dataDir: string;
  let server: Server;
  let publicUrl: string;
  let identity: DevIdentity;
  const warned: LogFields[] = [];
  // standard output is the log's: oidc-provider's advice about defaults would get there by console.info
  const printed = [jest.spyOn(console, 'info').mockReturnValue(), jest.spyOn(console, 'log').mockReturnValue()];
  const create = (): Promise<DevIdentity> => createDevIdentity({ profile: 'development', publicUrl, dataDir, log: { warn: (fields) => warned.push(fields) } });
  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'dev-identity-'));
    server = createServer((req, res) => identity.handler(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    publicUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    identity = await create();
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dataDir, { recursive: true });
    expect(warned).toEqual([]);
    expect(printed.flatMap((spy) => spy.mock.calls)).toEqual([]);
    for (const spy of printed) spy.mockRestore();
  });
  const verify = (token: string): Promise<Principal> => new JoseTokenVerifier({ issuers: [identity.issuerConfig], clock: CLOCK }).verify(`Bearer ${token}`);
  const mint = async (user: string): Promise<string> => (await identity.mintToken(user)) ?? '';

  /** The authorization code flow with PKCE as the console goes through it. */
  const signIn = async (user: string, more: Record<string, string> = {}, browser = new Browser()): Promise<{ access_token: string; id_token: string }> => {
    const verifier = randomBytes(32).toString('base64url');
    const redirectUri = `${publicUrl}/console/callback`;
    const query = new URLSearchParams({
      client_id: 'countersign-console', response_type: 'code', scope: 'openid profile', redirect_uri: redirectUri, state: 's1', nonce: 'n1',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256', ...more,
    });
    const start = await browser.go(`${identity.issuerConfig.issuer}/auth?${query}`);
    const login = new URL(start.headers.get('location') ?? '', publicUrl).href;
    expect(login).toMatch(`${publicUrl}/dev/oidc/interaction/`);
    const page = await browser.go(login);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);
    expect(await page.text()).toContain('value="auditor1"');
    const chosen = await browser.go(login, { method: 'POST', body: new URLSearchParams({ user }) });
    expect(chosen.status).toBe(303);
    const back = await browser.go(new URL(chosen.headers.get('location') ?? '', publicUrl).href);
    const callback = new URL(back.headers.get('location') ?? '');
    expect(callback.href).toMatch(`${redirectUri}?`);
    expect(callback.searchParams.get('state')).toBe('s1');
    const exchange = (code_verifier: string): Promise<Response> => fetch(`${identity.issuerConfig.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'authorization_code', client_id: 'countersign-console', code: callback.searchParams.get('code') ?? '', redirect_uri: redirectUri, code_verifier }),
    });
    const response = await exchange(verifier);
    expect(response.status).toBe(200);
    expect((await exchange(verifier)).status).toBe(400);
    return (await response.json()) as { access_token: string; id_token: string };
  };

  it('mints tokens that the verifier takes, for every user', async () => {
    const principals = await Promise.all(identity.users.map(async ({ id }) => verify(await mint(id))));
    expect(principals.map((p) => [p.subject, p.roles.join(), p.groups.join()])).toEqual([
      ['orderer1', 'orderer', ''], ['orderer2', 'orderer', ''],
      ['approver1', 'approver', 'firmware-approvers'], ['approver2', 'approver', 'firmware-approvers'], ['approver3', 'approver', 'firmware-approvers'],
      ['admin1', 'administrator', ''], ['admin2', 'administrator', ''], ['admin3', 'administrator', ''],
      ['auditor1', 'auditor', ''],
    ]);
    expect(principals.every((p) => p.name !== null && p.issuer === `${publicUrl}/dev/oidc`)).toBe(true);
    expect(await identity.mintToken('root')).toBeNull();
  });

  it('is found by discovery, under the public URL whatever the Host header says', async () => {
    const { issuer } = identity.issuerConfig;
    const principal = await new JoseTokenVerifier({ issuers: [{ ...identity.issuerConfig, jwksUri: null }], clock: CLOCK }).verify(`Bearer ${await mint('admin1')}`);
    expect(principal.subject).toBe('admin1');
    const document = (await (await fetch(`${issuer.replace('127.0.0.1', 'localhost')}/.well-known/openid-configuration`)).json()) as Record<string, unknown>;
    expect(document).toMatchObject({ issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`, jwks_uri: `${issuer}/jwks`, code_challenge_methods_supported: ['S256'] });
    expect(JSON.stringify(await (await fetch(`${issuer}/jwks`)).json())).not.toContain('"d"');
  });

  it('signs in by authorization code with PKCE; its access token has the claims of a minted one', async () => {
    const tokens = await signIn('approver2');
    expect(await verify(tokens.access_token)).toMatchObject({ subject: 'approver2', name: 'Anton Lindqvist', roles: ['approver'], groups: ['firmware-approvers'] });
    expect(decodeJwt(tokens.id_token)).toMatchObject({ sub: 'approver2', name: 'Anton Lindqvist', roles: ['approver'], nonce: 'n1', aud: 'countersign-console' });
    const minted = await mint('approver2');
    expect(Object.keys(decodeJwt(minted)).sort()).toEqual(Object.keys(decodeJwt(tokens.access_token)).sort());
    expect(decodeProtectedHeader(minted)).toEqual(decodeProtectedHeader(tokens.access_token));
    const { iat = 0, exp = 0, aud } = decodeJwt(minted);
    expect([exp - iat, aud]).toEqual([3_600, 'countersign']);
    // the ID token is for the console, not for us
    await expect(verify(tokens.id_token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const named = await signIn('orderer1', { resource: 'urn:countersign:api' });
    expect((await verify(named.access_token)).subject).toBe('orderer1');
  });

  it('refuses other redirects, no PKCE, other resources, unknown users and strangers', async () => {
    const auth = `${identity.issuerConfig.issuer}/auth`;
    const base = { client_id: 'countersign-console', response_type: 'code', scope: 'openid', redirect_uri: `${publicUrl}/console/callback` };
    const pkce = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' };
    const evil = await fetch(`${auth}?${new URLSearchParams({ ...base, ...pkce, redirect_uri: 'https://evil.example/' })}`, { redirect: 'manual' });
    expect([evil.status, evil.headers.get('location')]).toEqual([400, null]);
    expect(await evil.text()).toContain('invalid_redirect_uri');
    const bare = await fetch(`${auth}?${new URLSearchParams(base)}`, { redirect: 'manual' });
    expect(bare.headers.get('location')).toMatch(/error=invalid_request/);
    const resource = await fetch(`${auth}?${new URLSearchParams({ ...base, ...pkce, resource: 'urn:other' })}`, { redirect: 'manual' });
    expect(resource.headers.get('location')).toMatch(/error=invalid_target/);
    expect((await fetch(`${identity.issuerConfig.issuer}/interaction/nobody`)).status).toBe(400);
    const browser = new Browser();
    const start = await browser.go(`${auth}?${new URLSearchParams({ ...base, ...pkce })}`);
    const login = new URL(start.headers.get('location') ?? '', publicUrl).href;
    expect((await browser.go(login, { method: 'POST', body: new URLSearchParams({ user: 'root' }) })).status).toBe(422);
    expect((await browser.go(login, { method: 'POST', body: 'x'.repeat(5_000) })).status).toBe(422);
    expect((await browser.go(login, { method: 'DELETE' })).status).toBe(405);
    expect((await fetch(`${publicUrl}/dev/oidcx`)).status).toBe(404);
    expect((await fetch(`${publicUrl}/elsewhere`)).status).toBe(404);
  });

  it('signs out', async () => {
    const browser = new Browser();
    const { id_token } = await signIn('auditor1', {}, browser);
    const { issuer } = identity.issuerConfig;
    const page = await browser.go(`${issuer}/session/end?${new URLSearchParams({ id_token_hint: id_token, post_logout_redirect_uri: `${publicUrl}/console/` })}`);
    const html = await page.text();
    expect([page.status, html.includes('Sign out?')]).toEqual([200, true]);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(html)?.[1] ?? '';
    const end = await browser.go(`${issuer}/session/end/confirm`, { method: 'POST', body: new URLSearchParams({ xsrf, logout: 'yes' }) });
    expect([end.status, end.headers.get('location')]).toEqual([303, `${publicUrl}/console/`]);
  });

  it('keeps its keys, for its owner alone: tokens outlive a restart', async () => {
    const token = await mint('admin2');
    const file = join(dataDir, 'dev-identity', 'keys.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, 'dev-identity')).mode & 0o777).toBe(0o700);
    identity = await create();
    expect((await verify(token)).subject).toBe('admin2');
    const kept = readFileSync(file, 'utf8');
    writeFileSync(file, kept.slice(0, 100));
    const failure: unknown = await create().catch((error: unknown) => error);
    expect(String(failure)).toMatch(/keys\.json holds no keys/);
    expect(String(failure)).not.toContain('"d"');
    writeFileSync(file, kept);
  });

  it('does not exist outside the development profile', async () => {
    await expect(createDevIdentity({ profile: 'production', publicUrl, dataDir })).rejects.toThrow(/development profile only/);
  });
});

describe('memoryAdapter', () => {
  it('forgets what has expired and, when full, the oldest', async () => {
    let now = 0;
    const make = memoryAdapter(() => now, 2);
    const codes = make('AuthorizationCode');
    await codes.upsert('a', { grantId: 'g' }, 10);
    await codes.consume('a');
    expect(await codes.find('a')).toMatchObject({ consumed: 0 });
    now = 10_000;
    expect(await codes.find('a')).toBeUndefined();
    for (const id of ['b', 'c', 'd']) await codes.upsert(id, { grantId: id, uid: `uid-${id}` }, 10);
    expect(await codes.find('b')).toBeUndefined();
    expect(await codes.findByUid('uid-c')).toMatchObject({ grantId: 'c' });
    expect(await make('Session').findByUid('uid-c')).toBeUndefined();
    await codes.revokeByGrantId('c');
    expect([await codes.find('c'), await codes.find('d')]).toEqual([undefined, { grantId: 'd', uid: 'uid-d' }]);
  });
});
