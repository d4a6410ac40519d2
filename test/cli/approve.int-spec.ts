import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeService, OPERATION_ID, TOKEN } from '#apps/cli/src/approvals/testing/fake-service.js';
import type { FakeService } from '#apps/cli/src/approvals/testing/fake-service.js';
import type { Credential, PublicJwk } from '#identity/contract.js';
import { workerEntry } from '#platform/worker-entry.js';
import { runProgram } from '#test/demo/program.js';
import type { Ended } from '#test/demo/program.js';
import { decisionOver, webAuthnApprover } from '#test/fixtures/approver.js';
import { createSoftHsmToken, pkcs11Tool } from '#test/fixtures/softhsm.js';

const countersign = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => runProgram('apps/cli/src/main', args, env);
const credentialOf = (publicJwk: PublicJwk): Credential => ({ credentialId: 'cred-1', owner: { issuer: 'i', subject: 's' }, label: '', status: 'active', createdAt: '2026-11-20T12:00:00.000Z', key: { type: 'jwk', publicJwk } });
const jwkIn = (out: string): PublicJwk => JSON.parse(out.split('\n', 1)[0] ?? '') as PublicJwk;

let dir: string;
let credential: Credential | undefined;
let service: FakeService;
const at = (name: string): string => join(dir, name);
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  service = await fakeService(() => credential);
  writeFileSync(at('token'), TOKEN);
});
afterEach(async () => {
  rmSync(dir, { recursive: true });
  await service.close();
});
const approve = (...more: readonly string[]): readonly string[] => ['approve', OPERATION_ID, '--url', service.url, '--credential', 'cred-1', ...more];

describe('countersign for approvers', () => {
  it.each(['ES256', 'EdDSA'])('makes a key, shows it again, and signs with it (%s)', async (type) => {
    writeFileSync(at('passphrase'), 'geheim\nnot this\n');
    const made = await countersign(['credential', 'new', '--out', at('key.pem'), '--type', type, '--passphrase-file', at('passphrase')]);
    expect(made).toEqual({ code: 0, err: '', out: expect.stringMatching(/^\{"kty":.*\}\nthumbprint [\w-]{43}\n$/) });
    expect(await countersign(['credential', 'public', '--key', at('key.pem'), '--passphrase-file', at('passphrase')])).toEqual(made);
    credential = credentialOf(jwkIn(made.out));
    expect(await countersign(approve('--token-file', at('token'), '--key', at('key.pem'), '--passphrase-file', at('passphrase'), '--yes'))).toMatchObject({ code: 0, err: '', out: expect.stringContaining('approved and signed') });
    expect(service.decisions).toHaveLength(1);
  });

  it('takes the token from the standard input, and asks nobody where there is no terminal', async () => {
    credential = credentialOf(jwkIn((await countersign(['credential', 'new', '--out', at('key.pem')])).out));
    const piped = async (...more: readonly string[]): Promise<readonly [number | null, string]> => {
      const child = spawn(process.execPath, [workerEntry('apps/cli/src/main'), ...approve('--token-file', '-', '--key', at('key.pem'), ...more)], { stdio: ['pipe', 'ignore', 'pipe'] });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      child.stdin.end(`${TOKEN}\n`);
      const [code] = (await once(child, 'close')) as [number | null];
      return [code, said];
    };
    expect(await piped('--yes')).toEqual([0, '']);
    expect(await piped()).toEqual([1, expect.stringContaining('--yes')]);
    expect(service.decisions).toHaveLength(1);
  });

  it('asks at a terminal, without showing a passphrase', async () => {
    writeFileSync(at('passphrase'), 'geheim');
    credential = credentialOf(jwkIn((await countersign(['credential', 'new', '--out', at('key.pem'), '--passphrase-file', at('passphrase')])).out));
    const command = [process.execPath, workerEntry('apps/cli/src/main'), ...approve('--token-file', at('token'), '--key', at('key.pem'))].map((word) => `'${word}'`).join(' ');
    // script(1) gives it a terminal; what is typed comes late enough to be asked for.
    const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const before = shown;
      shown += chunk.toString();
      for (const [prompt, typed] of [['Type yes: ', 'yes\n'], ['Passphrase of the key: ', 'geheim\n']] as const) if (shown.includes(prompt) && !before.includes(prompt)) child.stdin.write(typed);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect([code, shown]).toEqual([0, expect.stringContaining('approved and signed')]);
    expect(shown).not.toContain('geheim');
  });

  it.each(['ES256', 'EdDSA'] as const)('signs with a key in a token, which never leaves it (%s)', async (type) => {
    const token = createSoftHsmToken(at('softhsm'), { label: 'approver' });
    pkcs11Tool(token, '--keypairgen', '--key-type', type === 'ES256' ? 'EC:prime256v1' : 'EC:edwards25519', '--label', 'mine', '--id', '0a', '--usage-sign');
    writeFileSync(at('pin'), `${token.pin}\n`);
    const key = ['--pkcs11-module', token.module, '--token-label', 'approver', '--pin-file', at('pin'), '--type', type];
    const shown = await countersign(['credential', 'public', ...key, '--key-id', '0A'], token.env);
    expect(shown).toMatchObject({ code: 0, err: '' });
    credential = credentialOf(jwkIn(shown.out));
    expect(await countersign(approve('--token-file', at('token'), ...key, '--key-label', 'mine', '--yes'), token.env)).toMatchObject({ code: 0, err: '' });
    expect(service.decisions).toHaveLength(1);
    writeFileSync(at('pin'), '0000');
    expect(await countersign(approve('--token-file', at('token'), ...key, '--key-label', 'mine', '--yes'), token.env)).toMatchObject({ code: 1, err: expect.stringMatching(/^countersign approve: .+\n$/) });
    expect(await countersign(approve('--token-file', at('token'), ...key, '--key-label', 'theirs', '--yes'), token.env)).toMatchObject({ code: 1 });
    expect(service.decisions).toHaveLength(1);
  });
});

describe('countersign proof export', () => {
  it('writes what fido2-assert verifies', async () => {
    const who = webAuthnApprover();
    const statement = decisionOver();
    writeFileSync(at('event.json'), JSON.stringify({ type: 'operations.approval-given.v1', data: { proof: { ...who.sign(statement), credentialId: 'c', statement } } }));
    writeFileSync(at('credential.json'), JSON.stringify(who.credential));
    const args = ['proof', 'export', '--proof', at('event.json'), '--credential', at('credential.json'), '--out', at('files')];
    const { code, out, err } = await countersign(args);
    expect({ code, out, err }).toEqual({ code: 0, out: 'fido2-assert -V -p -v -i assertion.txt public.pem es256\n', err: '' });
    expect(readFileSync(at('files/statement.json'), 'utf8')).toBe(statement);
    const verify = (): number | null => spawnSync('sh', ['-c', out], { cwd: at('files'), timeout: 20_000 }).status;
    expect(verify()).toBe(0);
    writeFileSync(at('files/assertion.txt'), readFileSync(at('files/assertion.txt'), 'utf8').replace('countersign.example', 'countersign.evil'));
    expect(verify()).toBe(1);
    expect(await countersign(args)).toMatchObject({ code: 1, err: expect.stringContaining('EEXIST') });
  });

  it('writes what openssl verifies', async () => {
    credential = credentialOf(jwkIn((await countersign(['credential', 'new', '--out', at('key.pem')])).out));
    await countersign(approve('--token-file', at('token'), '--key', at('key.pem'), '--yes'));
    const [decided] = service.decisions;
    const jws = decided?.proof?.type === 'jws' ? decided.proof.jws : '';
    writeFileSync(at('proof.json'), JSON.stringify({ ...decided?.proof, statement: Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString() }));
    writeFileSync(at('jwk.json'), JSON.stringify(credential.key.type === 'jwk' ? credential.key.publicJwk : {}));
    const { code, out } = await countersign(['proof', 'export', '--proof', at('proof.json'), '--credential', at('jwk.json'), '--out', at('files')]);
    expect(code).toBe(0);
    expect(spawnSync('sh', ['-ec', out], { cwd: at('files'), encoding: 'utf8', timeout: 20_000 })).toMatchObject({ status: 0, stdout: 'Verified OK\n' });
  });

  it.each<[string, string, string]>([
    ['no JSON', 'x', '{}'],
    ['no statement', '{"type":"jws"}', '{"kty":"EC"}'],
    ['no key', '{"type":"jws","statement":"{}"}', '{}'],
    ['no proof', '{"type":"jws","statement":"{}"}', '{"kty":"EC"}'],
  ])('of %s says so in one line', async (_name, proof, key) => {
    writeFileSync(at('proof.json'), proof);
    writeFileSync(at('key.json'), key);
    expect(await countersign(['proof', 'export', '--proof', at('proof.json'), '--credential', at('key.json'), '--out', at('files')])).toEqual({ code: 1, out: '', err: expect.stringMatching(/^countersign proof export: .+\n$/) });
    expect(existsSync(at('files'))).toBe(false);
  });
});
