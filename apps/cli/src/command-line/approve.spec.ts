import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Credential, DecisionStatement } from '#identity/contract.js';
import { canonicalDigest } from '#identity/contract.js';
import { writeNewKey } from '../approvals/key-file.js';
import { fakeService, OPERATION_ID, TOKEN } from '../approvals/testing/fake-service.js';
import type { Behaviour, FakeService } from '../approvals/testing/fake-service.js';
import { runCommandLine } from './run-command-line.js';

let dir: string;
let credential: Credential;
let service: FakeService;
const serve = async (behaviour: Behaviour = {}): Promise<void> => {
  service = await fakeService(() => credential, behaviour);
};
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-approve-'));
  credential = { credentialId: 'cred-1', owner: { issuer: 'i', subject: 's' }, label: '', status: 'active', createdAt: '2026-11-20T12:00:00.000Z', key: { type: 'jwk', publicJwk: writeNewKey(join(dir, 'key.pem'), 'ES256', undefined) } };
  writeFileSync(join(dir, 'token'), `${TOKEN}\n`);
});
afterEach(async () => {
  rmSync(dir, { recursive: true });
  await service.close();
});

const text = (stream: PassThrough): string => ((stream.read() as Buffer | null) ?? '').toString();
async function run(args: readonly string[], typed?: string): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const [out, err] = [new PassThrough(), new PassThrough()];
  const input = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (typed !== undefined) input.write(typed);
  const code = await runCommandLine(args, { out, err, input, env: {}, signal: new AbortController().signal });
  return { code, out: text(out), err: text(err) };
}
const plain = (): readonly string[] => ['approve', OPERATION_ID, '--url', service.url, '--token-file', join(dir, 'token')];
const signed = (): readonly string[] => [...plain(), '--credential', 'cred-1', '--key', join(dir, 'key.pem')];

describe('countersign approve', () => {
  it('shows what is asked, and sends a proof that verifies', async () => {
    await serve();
    const { code, out, err } = await run([...signed(), '--yes', '--comment', 'looked at it']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('description: Release 4.2.0\n');
    expect(out).toContain('    keyId: fw-prod\n');
    expect(out).toMatch(/SHA-256 of this statement: [\w+/]{43}=\n/);
    expect(out).toContain('approved and signed: the operation is approved\n');
    expect(service.decisions).toEqual([{ decision: 'approve', requestDigest: expect.any(String), comment: 'looked at it', proof: { type: 'jws', challengeId: expect.any(String), jws: expect.any(String) } }]);
  });

  it('asks before it does anything', async () => {
    await serve();
    expect(await run(signed(), 'yes\n')).toMatchObject({ code: 0, err: expect.stringContaining('Approve this? Type yes: ') });
    expect(service.decisions).toHaveLength(1);
    for (const typed of ['no\n', '\n', '\u0004']) expect(await run(signed(), typed)).toMatchObject({ code: 1 });
    expect(await run(signed())).toMatchObject({ code: 1, err: expect.stringMatching(/no terminal.*--yes\n$/) });
    expect(service.decisions).toHaveLength(1);
    expect(service.calls.filter((c) => c.startsWith('POST'))).toHaveLength(2);
  });

  it('rejects, with a signature or without', async () => {
    await serve();
    expect(await run([...plain(), '--reject', '--yes'])).toMatchObject({ code: 0, out: expect.stringContaining('rejected: the operation is') });
    expect(await run([...signed(), '--reject', '--yes'])).toMatchObject({ code: 0, out: expect.stringContaining('rejected and signed') });
    expect(service.decisions.map((d) => [d.decision, d.proof?.type])).toEqual([['reject', undefined], ['reject', 'jws']]);
  });

  it('approves unsigned where nothing else is asked', async () => {
    await serve();
    expect(await run([...plain(), '--yes'])).toMatchObject({ code: 0, out: expect.stringContaining('approved: the operation is') });
    expect(service.calls).toEqual([`GET /v1/operations/${OPERATION_ID}`, `POST /v1/operations/${OPERATION_ID}/decisions`]);
  });

  it('says what an approval in a sequence builds upon', async () => {
    await serve({ statement: { after: [canonicalDigest(1)] } });
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 0, out: expect.stringContaining('signed after 1 earlier approval\n') });
  });

  it('lets nothing in the request deceive the terminal', async () => {
    await serve({ request: { description: 'ok\u001b[2J\u202e\nkeyUsages: none', approverContext: 'fw-рrod' } });
    const { out } = await run([...signed(), '--yes']);
    expect(out).toContain('description:\n  | ok\\u{1b}[2J\\u{202e}\n  | keyUsages: none\n');
    expect(out).toContain('! not what it looks like: рrod');
  });

  it.each<[string, Partial<DecisionStatement> | string, RegExp]>([
    ['another operation', { operationId: 'other' }, /about another operation/],
    ['another request', { requestDigest: canonicalDigest('other') }, /over another request than the one shown/],
    ['other policies', { policyDigest: canonicalDigest('other') }, /over other policies/],
    ['the other decision', { decision: 'reject' }, /is to reject/],
    ['another service', { audience: 'https://evil.example' }, /for another service/],
    ['something that is no statement', 'transfer all the money', /no JSON/],
    ['a statement with more in it', '{"also":"this"}', /not known/],
  ])('signs nothing when it is given %s to sign', async (_name, statement, about) => {
    await serve({ statement });
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 1, err: expect.stringMatching(about) });
    expect(service.decisions).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['a digest of something else', { requestDigest: canonicalDigest('other') }, /requestDigest .* is not SHA-256/],
    ['no statement', { requestStatement: null }, /no requestStatement/],
    ['an altered statement', { requestStatement: '{"operationId":"x"}' }, /requestDigest .* is not SHA-256/],
  ])('decides nothing over an operation with %s', async (_name, operation, about) => {
    await serve({ operation });
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 1, out: '', err: expect.stringMatching(about) });
    expect(service.calls).toHaveLength(1);
  });

  it('decides nothing over the statement of another operation', async () => {
    await serve({ request: { operationId: 'other' } });
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 1, out: '', err: expect.stringContaining('is of another operation') });
  });

  it.each(['GET', 'challenge', 'decision'] as const)('tells a refusal in one line, as harmless as the rest (%s)', async (at) => {
    await serve({ refuse: { at, status: 409, body: { code: 'CHALLENGE_EXPIRED', detail: 'too late\u001b[2J\nreally' } } });
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 1, err: 'countersign approve: refused with 409 CHALLENGE_EXPIRED: too late\\u{1b}[2J\\u{a}really\n' });
  });

  it('takes the public URL from who runs it, where that is another one', async () => {
    await serve({ statement: { audience: 'https://countersign.example/' } });
    expect(await run([...signed(), '--yes', '--audience', 'https://countersign.example'])).toMatchObject({ code: 0 });
  });

  it('sends nothing when the key does not open', async () => {
    await serve();
    rmSync(join(dir, 'key.pem'));
    expect(await run([...signed(), '--yes'])).toMatchObject({ code: 1, err: expect.stringContaining('ENOENT') });
    expect(service.calls).toHaveLength(1);
  });

  it.each<[string, (url: string) => readonly string[]]>([
    ['no operation', () => ['approve', '--url', 'https://x', '--token', 't']],
    ['the operation last', () => ['approve', '--yes', OPERATION_ID]],
    ['no url', () => ['approve', OPERATION_ID, '--token', 't']],
    ['a url without TLS', () => ['approve', OPERATION_ID, '--url', 'http://countersign.example', '--token', 't']],
    ['no token', (url) => ['approve', OPERATION_ID, '--url', url]],
    ['a key without a credential', (url) => ['approve', OPERATION_ID, '--url', url, '--token', 't', '--key', 'k']],
    ['a credential without a key', (url) => ['approve', OPERATION_ID, '--url', url, '--token', 't', '--credential', 'c']],
  ])('does not understand %s', async (_name, args) => {
    await serve();
    expect(await run(args(service.url))).toMatchObject({ code: 2, out: '', err: expect.stringMatching(/see countersign approve --help\n$/) });
  });

  it.each<[string, readonly string[]]>([
    ['two keys', ['--key', 'k', '--pkcs11-module', 'm']],
    ['a PIN for a file', ['--key', 'k', '--pin-file', 'p']],
    ['a passphrase for a token', ['--pkcs11-module', 'm', '--passphrase-file', 'p', '--key-label', 'l']],
    ['no key in the token', ['--pkcs11-module', 'm', '--token-label', 't', '--pin-file', 'p']],
    ['two keys in the token', ['--pkcs11-module', 'm', '--token-label', 't', '--pin-file', 'p', '--key-label', 'l', '--key-id', '01']],
    ['an id that is no hex', ['--pkcs11-module', 'm', '--token-label', 't', '--pin-file', 'p', '--key-id', 'x']],
    ['another type', ['--pkcs11-module', 'm', '--token-label', 't', '--pin-file', 'p', '--key-id', '01', '--type', 'RS256']],
  ])('does not understand %s', async (_name, options) => {
    await serve();
    expect(await run([...plain(), '--credential', 'c', '--yes', ...options])).toMatchObject({ code: 2 });
    expect(service.decisions).toEqual([]);
  });
});
