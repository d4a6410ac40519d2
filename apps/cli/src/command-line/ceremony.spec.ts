import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { parse, stringify } from 'yaml';
import { genesisDigest, genesisFaults } from '#administration/contract.js';
import type { GenesisDocument } from '#administration/contract.js';
import { packageRoot } from '#platform/worker-entry.js';
import { runCommandLine } from './run-command-line.js';

/** Of the example's credentials, by another implementation: jose's calculateJwkThumbprint. */
const THUMBPRINTS = ['U8Nd8O3iHgtLnbmNuvPgqJxvSklRnwPve9V5FOZZ3-E', 'Y9Iu9egmvpDoox3hsH0nD62ho2CAip7WDQ5drWbJMoo', 'SpdqBYwP-xTDqbb73myragDDyBfRaI3H4cSGa05IDX8', 'fI6CNwbPO0fzFwA34nSx4jU50_IzVsda_cRRqDXlRZ0'];

type Json = Record<string, unknown>;
const SAMPLE = join(packageRoot, 'docs/examples/ceremony.yaml');
const sample = (): Json => parse(readFileSync(SAMPLE, 'utf8')) as Json;
const text = (stream: PassThrough): string => ((stream.read() as Buffer | null) ?? '').toString();

describe('countersign ceremony', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ceremony-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  let runs = 0;
  const run = async (...args: readonly string[]) => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const code = await runCommandLine(['ceremony', ...args], { out, err, env: {}, signal: new AbortController().signal });
    return { code, out: text(out), err: text(err) };
  };
  const hold = async (value: unknown) => {
    const file = join(folder, `c-${(runs += 1)}.yaml`);
    writeFileSync(file, typeof value === 'string' ? value : stringify(value));
    const dir = join(folder, `out-${runs}`);
    const ended = await run(file, '--out', dir);
    return { ...ended, file, dir, made: existsSync(dir) ? readdirSync(dir) : [] };
  };
  const read = (dir: string, name: string): string => readFileSync(join(dir, name), 'utf8');

  it('makes of the example the genesis in its RFC 8785 form, its digest, and what is read aloud', async () => {
    const dir = join(folder, 'example');
    const { code, out } = await run(SAMPLE, '--out', dir);
    expect(code).toBe(0);
    const bytes = readFileSync(join(dir, 'genesis.json'));
    const digest = createHash('sha256').update(bytes).digest('hex');
    const document = JSON.parse(bytes.toString()) as GenesisDocument;
    expect([out, read(dir, 'genesis.digest'), genesisDigest(document)]).toEqual([`${digest}\n`, `${digest}\n`, digest]);
    expect(genesisFaults(document)).toEqual([]);
    // Nothing but what the file names.
    expect(document).toEqual({ type: 'countersign/genesis/v1', ...sample() });

    const transcript = read(dir, 'transcript.md');
    expect(transcript).toContain((digest.slice(0, 32).match(/.{4}/g) ?? []).join(' '));
    for (const said of ['`ada`', '`dan-security-key`', '`firmware-approvers`', 'Quorum: 2', '`https://ci.example`', '`evidence`: evidence, ES256', '2 different people of the group `firmware-approvers` THEN 1 person of the group `security`', '`repository` is `acme/firmware`']) expect(transcript).toContain(said);
    for (const thumbprint of THUMBPRINTS) expect(transcript).toContain(thumbprint);
  });

  it('is the same from the same file, byte by byte', async () => {
    const [one, other] = [await hold(sample()), await hold(sample())];
    for (const name of ['genesis.json', 'transcript.md']) expect(read(one.dir, name)).toBe(read(other.dir, name));
  });

  it('makes an id, the time and empty lists where the file leaves them out', async () => {
    const { deployment: _d, createdAt: _c, people: _p, rosters: _r, policies: _o, levels: _l, separation: _s, ...rest } = sample();
    const { code, dir } = await hold({ ...rest, keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: { type: 'none' } }] });
    expect(code).toBe(0);
    const document = JSON.parse(read(dir, 'genesis.json')) as Json;
    expect(document).toMatchObject({ people: [], rosters: [], policies: [], levels: [], separation: { exclusive: [], mutualWithinDays: 0 } });
    expect(document['deployment']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Date.parse(String(document['createdAt']))).toBeGreaterThan(Date.now() - 60_000);
  });

  const account = (subject: string) => ({ issuer: 'https://idp.example', subject });
  const credentials = (): Json[] => sample()['credentials'] as Json[];
  it.each<[string, () => Json, RegExp]>([
    ['fewer administrators than the quorum and one', () => ({ ...sample(), quorum: 4 }), /^\S+:\d+: \/administrators are 4 humans with credentials: a quorum of 4 needs 5$/m],
    ['a quorum of one', () => ({ ...sample(), quorum: 1 }), /: \/quorum must be a whole number from 2 to /],
    ['one human twice', () => ({ ...sample(), people: [{ personId: 'ada', accounts: [account('ada'), account('ben')], owns: [] }] }), /: \/administrators\/1 is a human who is there already$/m],
    ['one key for two', () => ({ ...sample(), credentials: credentials().map((one, i) => (i === 1 ? { ...one, key: credentials()[0]?.['key'] } : one)) }), /: \/credentials\/1\/key is that of another credential$/m],
    ['an administrator without a credential', () => ({ ...sample(), credentials: credentials().slice(1) }), /: \/administrators\/0 has no credential$/m],
    ['an administrator whom no issuer here can name', () => ({ ...sample(), administrators: [account('ada'), account('ben'), account('cyd'), { issuer: 'https://other.example', subject: 'dan' }] }), /: \/administrators\/3\/issuer is of an issuer that /],
    ['a private key', () => ({ ...sample(), credentials: credentials().map((one, i) => (i === 0 ? { ...one, key: { type: 'jwk', publicJwk: { kty: 'EC', crv: 'P-256', x: 'A', y: 'B', d: 's3cret' } } } : one)) }), /: \/credentials\/0\/key\/publicJwk\/d is of a private key/],
    ['an authenticator’s key of no use', () => ({ ...sample(), credentials: credentials().map((one, i) => (i === 3 ? { ...one, key: { type: 'webauthn', id: 'AA', publicKey: 'AA', transports: [], backupEligible: false } } : one)) }), /: \/credentials\/3\/key\/publicKey is no COSE_Key/],
    ['an unknown member', () => ({ ...sample(), superuser: account('root') }), /: \/superuser is not known$/m],
    ['an unknown member further down', () => ({ ...sample(), credentials: credentials().map((one) => ({ ...one, admin: true })) }), /: \/credentials\/0\/admin is not known$/m],
    ['no evidence key', () => ({ ...sample(), keys: [] }), /: \/keys has no key of purpose evidence$/m],
    ['a policy that nobody published', () => ({ ...sample(), policies: [] }), /: \/keys\/1\/approvalPolicy /],
    ['another relying party than the origin’s', () => ({ ...sample(), rpId: 'evil.example' }), /: \/rpId must be sign\.example, or a domain that it is in$/m],
    ['another kind of document', () => ({ ...sample(), type: 'countersign/genesis/v2' }), /: \/type must be one of /],
    ['what has no canonical form', () => ({ ...sample(), quorum: Infinity }), /: \/ has no RFC 8785 form/],
  ])('refuses %s, and says where', async (_, value, said) => {
    const { code, out, err, made } = await hold(value());
    expect({ code, out, made }).toEqual({ code: 1, out: '', made: [] });
    expect(err).toMatch(said);
    expect(err).toMatch(/\ncountersign ceremony: .* in \S+; nothing was made\n$/);
    expect(err).not.toContain('s3cret');
  });

  it('names line and path of every fault, also through an alias', async () => {
    const yaml = readFileSync(SAMPLE, 'utf8').replace('quorum: 2', 'quorum: two').replace('  - { issuer: https://idp.example, subject: ada }', '  - &ada { issuer: https://idp.example, subject: 7 }').replace('owner: { issuer: https://idp.example, subject: ada }', 'owner: *ada');
    const { file, err } = await hold(yaml);
    const line = (part: string): number => yaml.split('\n').findIndex((one) => one.includes(part)) + 1;
    expect(err.split('\n')).toEqual(expect.arrayContaining([
      expect.stringMatching(`^${file}:${line('quorum: two')}: /quorum `) as unknown,
      expect.stringMatching(`^${file}:${line('&ada')}: /administrators/0/subject `) as unknown,
      expect.stringMatching(`^${file}:${line('&ada')}: /credentials/0/owner/subject `) as unknown,
    ]));
  });

  it.each<[string, string, RegExp]>([
    ['broken YAML', 'quorum: [', /:1:\d+: is not valid YAML/],
    ['a member twice', 'quorum: 2\nquorum: 3\n', /:2:1: is not valid YAML/],
    ['two documents', 'quorum: 2\n---\nquorum: 3\n', /is not valid YAML/],
    ['a list', '[]', /: \/ must be a mapping/],
    ['nothing', '', /: \/ must be a mapping/],
  ])('refuses %s', async (_, yaml, said) => {
    const { code, err, made } = await hold(yaml);
    expect({ code, made }).toEqual({ code: 1, made: [] });
    expect(err).toMatch(said);
  });

  it.each(['genesis.json', 'genesis.digest', 'transcript.md'])('does not write over %s', async (name) => {
    const dir = join(folder, `there-${name}`);
    mkdirSync(dir);
    writeFileSync(join(dir, name), 'mine');
    expect(await run(SAMPLE, '--out', dir)).toEqual({ code: 1, out: '', err: expect.stringMatching(/^countersign ceremony: .* is there already, and is not written over\n$/) as unknown });
    expect([readdirSync(dir), read(dir, name)]).toEqual([[name], 'mine']);
  });

  it.each<[string, readonly string[]]>([['no file', []], ['no folder', [SAMPLE]], ['options first', ['--out', 'x', SAMPLE]], ['two files', [SAMPLE, SAMPLE, '--out', 'x']]])('%s: exit code 2 in one line', async (_, args) => {
    expect(await run(...args)).toEqual({ code: 2, out: '', err: expect.stringMatching(/^countersign ceremony: .+; see countersign ceremony --help\n$/) as unknown });
  });

  it('lets no text of the file be markup, or hide', async () => {
    const { dir, code } = await hold({ ...sample(), credentials: credentials().map((one, i) => (i === 0 ? { ...one, label: 'x` **signed**\u202e\n# Approved' } : one)) });
    expect(code).toBe(0);
    expect(read(dir, 'transcript.md')).toContain('`` x` **signed**\\u{202e}\\u{a}# Approved ``');
  });
});
