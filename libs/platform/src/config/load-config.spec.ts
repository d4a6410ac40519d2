import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Config } from './config.js';
import { ConfigError } from './config-error.js';
import { describeConfig, withoutSecrets } from './describe-config.js';
import { loadConfig, type LoadOptions, type Role } from './load-config.js';

const PIN = '74105926';
const FULL = {
  profile: 'production',
  http: { port: 8443, host: '10.1.2.3', publicUrl: 'https://sign.example/', tls: { certFile: 'tls/cert.pem', keyFile: '/etc/key.pem' }, trustProxy: ['10.0.0.0/8', '::1'], rateLimit: { requestsPerMinute: 600 } },
  dataDir: './data',
  eventStore: 'embedded',
  readModel: 'embedded',
  hsm: { module: '/usr/lib/softhsm/libsofthsm2.so', tokenLabel: 'countersign', pin: PIN, sessions: 4 },
  worker: { http: { port: 9001, host: '127.0.0.1' } },
  signer: { http: { port: 9002, host: '0.0.0.0' }, name: 'signer-7', ledger: './ledger' },
  telemetry: { otlpEndpoint: 'http://collector:4318' },
  administration: { quorum: 2, sessionMaxMs: 3_600_000 },
  genesis: { digest: 'AB'.repeat(32), file: 'ceremony/genesis.json' },
  identity: {
    issuers: [
      {
        issuer: 'https://idp.example', audience: 'countersign', jwksUri: 'https://idp.example/jwks', rolesClaim: 'realm_access.roles', groupsClaim: 'grp', nameClaim: 'nm', displayClaims: ['repository'],
        rules: [{ match: { repository: 'acme/firmware', ref: 'refs/tags/*', run_attempt: 1 }, roles: ['orderer'] }],
      },
    ],
  },
};
const MINIMAL = { hsm: FULL.hsm, identity: { issuers: [{ issuer: 'https://idp.example', audience: 'countersign' }] } };

describe('loadConfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const load = (file: unknown, env: Record<string, string> = {}, options: LoadOptions = {}): Config =>
    loadConfig({ PATH: '/bin', COUNTERSIGN_CONFIG: write('c.yaml', typeof file === 'string' ? file : JSON.stringify(file)), ...env }, { cwd: folder, ...options });
  const fault = (file: unknown, env: Record<string, string> = {}, options: LoadOptions = {}): string => {
    try {
      load(file, env, options);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).not.toContain('\n');
      expect(error.message).not.toContain(PIN);
      return error.message;
    }
    return 'no fault';
  };

  it('reads every documented key', () => {
    expect(load(FULL)).toEqual({
      ...FULL,
      http: { ...FULL.http, publicUrl: 'https://sign.example', tls: { certFile: join(folder, 'tls/cert.pem'), keyFile: '/etc/key.pem' } },
      dataDir: join(folder, 'data'),
      eventStore: { kind: 'embedded' },
      readModel: { kind: 'embedded' },
      hsm: { ...FULL.hsm, tokenSerial: null },
      signer: { ...FULL.signer, ledger: { kind: 'file', dir: join(folder, 'ledger') } },
      administration: { quorum: 2, isQuorumStated: true, sessionMaxMs: 3_600_000 },
      genesis: { digest: 'ab'.repeat(32), file: join(folder, 'ceremony/genesis.json') },
      identity: { issuers: [{ ...FULL.identity.issuers[0], rules: [{ match: { repository: 'acme/firmware', ref: 'refs/tags/*', run_attempt: '1' }, roles: ['orderer'] }] }] },
    });
  });

  it('fills in what is left out, production being the profile', () => {
    expect(load(MINIMAL)).toMatchObject({
      profile: 'production',
      http: { port: 8080, host: '127.0.0.1', publicUrl: 'http://127.0.0.1:8080', tls: null, trustProxy: false, rateLimit: null },
      hsm: { sessions: 4 },
      signer: { name: 'signer-1', http: { port: 8082 }, ledger: { kind: 'file', dir: join(folder, 'data', 'ledger') } },
      worker: { http: { port: 8081 } },
      administration: { quorum: 1, isQuorumStated: false, sessionMaxMs: 28_800_000 },
      genesis: { digest: null, file: null },
      identity: { issuers: [{ jwksUri: null, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name', displayClaims: [], rules: [] }] },
    });
  });

  it('reads YAML with comments, blank sections and off', () => {
    const yaml = 'profile: development # comment\nhttp:\n  port: 9000\n  host: "::1"\n  tls:\n  rateLimit: off\n';
    expect(load(yaml).http).toMatchObject({ port: 9000, publicUrl: 'http://[::1]:9000', tls: null, rateLimit: null });
    expect(load('', { COUNTERSIGN_PROFILE: 'development' }).hsm).toBeNull();
  });

  it('starts without a file on variables alone', () => {
    const config = loadConfig({
      COUNTERSIGN_DATA_DIR: '/var/lib/cs', COUNTERSIGN_HSM__MODULE: 'libsofthsm2.so', COUNTERSIGN_HSM__TOKEN_SERIAL: 'ab01', COUNTERSIGN_HSM__PIN: '0012',
      COUNTERSIGN_IDENTITY__ISSUERS__1__ISSUER: 'http://localhost:9', COUNTERSIGN_IDENTITY__ISSUERS__1__AUDIENCE: 'b',
      COUNTERSIGN_IDENTITY__ISSUERS__0__ISSUER: 'https://a.example', COUNTERSIGN_IDENTITY__ISSUERS__0__AUDIENCE: 'a',
      COUNTERSIGN_IDENTITY__ISSUERS__0__DISPLAY_CLAIMS__0: 'repository',
      COUNTERSIGN_IDENTITY__ISSUERS__0__RULES__0__MATCH__WORKFLOW_REF: '*', COUNTERSIGN_IDENTITY__ISSUERS__0__RULES__0__ROLES__0: 'orderer',
    });
    expect(config.hsm).toEqual({ module: 'libsofthsm2.so', tokenLabel: null, tokenSerial: 'ab01', pin: '0012', sessions: 8 });
    expect(config.identity.issuers.map((i) => i.audience)).toEqual(['a', 'b']);
    expect(config.identity.issuers[0]).toMatchObject({ displayClaims: ['repository'], rules: [{ match: { workflow_ref: '*' }, roles: ['orderer'] }] });
    expect(config.signer.ledger).toEqual({ kind: 'file', dir: '/var/lib/cs/ledger' });
  });

  it('lets variables win over the file, also inside lists and claims', () => {
    const config = load(FULL, {
      COUNTERSIGN_HTTP__PORT: '8080', COUNTERSIGN_HTTP__PUBLIC_URL: 'https://other.example/sign', COUNTERSIGN_HTTP__RATE_LIMIT: 'off', COUNTERSIGN_HTTP__TRUST_PROXY: 'true',
      COUNTERSIGN_IDENTITY__ISSUERS__0__AUDIENCE: 'other', COUNTERSIGN_IDENTITY__ISSUERS__0__RULES__0__MATCH__REF: 'refs/heads/main',
    });
    expect(config.http).toMatchObject({ port: 8080, publicUrl: 'https://other.example/sign', rateLimit: null, trustProxy: true });
    expect(config.identity.issuers[0]).toMatchObject({ audience: 'other', rules: [{ match: { ref: 'refs/heads/main', repository: 'acme/firmware' } }] });
    expect(load({ ...MINIMAL, http: { rateLimit: 'off' } }, { COUNTERSIGN_HTTP__RATE_LIMIT__REQUESTS_PER_MINUTE: '60' }).http.rateLimit).toEqual({ requestsPerMinute: 60 });
  });

  it('reads the PIN from a file, without its line end', () => {
    const { pin: _pin, ...hsm } = FULL.hsm;
    for (const content of [PIN, `${PIN}\n`, `${PIN}\r\n`]) {
      write('pin', content);
      expect(load({ ...MINIMAL, hsm: { ...hsm, pinFile: 'pin' } }).hsm?.pin).toBe(PIN);
    }
    expect(fault({ ...MINIMAL, hsm: { ...hsm, pinFile: 'nowhere' } })).toMatch(/^hsm\.pinFile: .*ENOENT/);
    write('pin', `\n${PIN}\n`);
    expect(fault({ ...MINIMAL, hsm: { ...hsm, pinFile: 'pin' } })).toMatch(/^hsm\.pinFile: /);
  });

  const http = (more: object): object => ({ ...MINIMAL, http: more });
  const hsm = (more: object): object => ({ ...MINIMAL, hsm: { ...FULL.hsm, ...more } });
  const issuer = (more: object): object => ({ ...MINIMAL, identity: { issuers: [{ issuer: 'https://idp.example', audience: 'countersign', ...more }] } });
  const development = (more: object = {}): object => ({ profile: 'development', ...more });
  it.each<[string, unknown, Record<string, string>, RegExp]>([
    ['an unknown key', { ...MINIMAL, colour: 1 }, {}, /^colour: is not a known key$/],
    ['an unknown nested key', http({ prot: 1 }), {}, /^http\.prot: /],
    ['an unknown key of a list item', issuer({ jwks: 'x' }), {}, /^identity\.issuers\.0\.jwks: /],
    ['an inherited name as a key', '{"toString": 1}', {}, /^toString: is not a known key/],
    ['an unknown variable', MINIMAL, { COUNTERSIGN_COLOUR: 'x' }, /^COUNTERSIGN_COLOUR: is not a known variable$/],
    ['a variable in camel case', MINIMAL, { COUNTERSIGN_dataDir: 'x' }, /^COUNTERSIGN_dataDir: /],
    ['a variable below a scalar', MINIMAL, { COUNTERSIGN_HTTP__PORT__X: '1' }, /^COUNTERSIGN_HTTP__PORT__X: /],
    ['a variable with an empty segment', MINIMAL, { COUNTERSIGN_HTTP____PORT: '1' }, /^COUNTERSIGN_HTTP____PORT: /],
    ['a variable for a whole section', MINIMAL, { COUNTERSIGN_HTTP: '{}' }, /^COUNTERSIGN_HTTP: names a section/],
    ['a hole in a list', MINIMAL, { COUNTERSIGN_IDENTITY__ISSUERS__2__ISSUER: 'https://b.example' }, /^identity\.issuers\.1: is missing/],
    ['an item far away', MINIMAL, { COUNTERSIGN_IDENTITY__ISSUERS__999__ISSUER: 'https://b.example' }, /^COUNTERSIGN_IDENTITY__ISSUERS__999__ISSUER: /],
    ['two variables that contradict each other', MINIMAL, { COUNTERSIGN_HTTP__RATE_LIMIT: 'off', COUNTERSIGN_HTTP__RATE_LIMIT__REQUESTS_PER_MINUTE: '1' }, /^COUNTERSIGN_HTTP__RATE_LIMIT/],
    ['a port that is none', http({ port: 65_536 }), {}, /^http\.port: must be a whole number from 0 to 65535$/],
    ['a port as text in the file', http({ port: '8080' }), {}, /^http\.port: /],
    ['a port variable that is none', MINIMAL, { COUNTERSIGN_HTTP__PORT: '0x50' }, /^COUNTERSIGN_HTTP__PORT: /],
    ['an empty variable', MINIMAL, { COUNTERSIGN_DATA_DIR: '' }, /^COUNTERSIGN_DATA_DIR: must not be empty/],
    ['port 0 without a public URL', http({ port: 0 }), {}, /^http\.publicUrl: /],
    ['a public URL with credentials', http({ publicUrl: 'http://a:b@c' }), {}, /^http\.publicUrl: /],
    ['a bad host', http({ host: 'a b' }), {}, /^http\.host: /],
    ['half of tls', http({ tls: { certFile: 'x' } }), {}, /^http\.tls\.keyFile: is missing/],
    ['a bad proxy range', http({ trustProxy: ['10.0.0.0/33'] }), {}, /^http\.trustProxy\.0: /],
    ['a rate limit of nothing', http({ rateLimit: { requestsPerMinute: 0 } }), {}, /^http\.rateLimit\.requestsPerMinute: /],
    ['a list for a section', { ...MINIMAL, http: [] }, {}, /^http: must be a section/],
    ['another event store', { ...MINIMAL, eventStore: 'kafka://u:secret@h' }, {}, /^eventStore: must be embedded, or a connection string/],
    ['another read model', MINIMAL, { COUNTERSIGN_READ_MODEL: 'mysql://u:secret@h' }, /^COUNTERSIGN_READ_MODEL: must be embedded, or a URL/],
    ['another ledger', { ...MINIMAL, signer: { ledger: 'mysql://h' } }, {}, /^signer\.ledger: must be a folder/],
    ['a trace collector that is none', { ...MINIMAL, telemetry: { otlpEndpoint: 'collector' } }, {}, /^telemetry\.otlpEndpoint: /],
    ['a quorum of nobody', { ...MINIMAL, administration: { quorum: 0 } }, {}, /^administration\.quorum: must be a whole number from 1 to 16$/],
    ['a quorum of seventeen', MINIMAL, { COUNTERSIGN_ADMINISTRATION__QUORUM: '17' }, /^COUNTERSIGN_ADMINISTRATION__QUORUM: /],
    ['sessions of a blink', { ...MINIMAL, administration: { sessionMaxMs: 59_999 } }, {}, /^administration\.sessionMaxMs: /],
    ['sessions of more than a week', { ...MINIMAL, administration: { sessionMaxMs: 604_800_001 } }, {}, /^administration\.sessionMaxMs: /],
    ['a digest of another length', { ...MINIMAL, genesis: { digest: 'ab'.repeat(31) } }, {}, /^genesis\.digest: must be a SHA-256 in hex/],
    ['a digest that is a number', { ...MINIMAL, genesis: { digest: 1e63 } }, {}, /^genesis\.digest: must be text; put it in quotes$/],
    ['a genesis without a file', { ...MINIMAL, genesis: { file: '' } }, {}, /^genesis\.file: must not be empty$/],
    ['a bad signer name', { ...MINIMAL, signer: { name: 'A/B' } }, {}, /^signer\.name: /],
    ['a profile that is none', { ...MINIMAL, profile: 'staging' }, {}, /^profile: must be production or development/],
    ['a PIN as a number', hsm({ pin: Number(PIN) }), {}, /^hsm\.pin: must be text/],
    ['a PIN twice', hsm({ pinFile: '/x' }), {}, /^hsm: pin and pinFile/],
    ['no PIN', hsm({ pin: null }), {}, /^hsm: needs one of pin and pinFile/],
    ['label and serial', hsm({ tokenSerial: '1' }), {}, /^hsm: needs exactly one of/],
    ['65 sessions', hsm({ sessions: 65 }), {}, /^hsm\.sessions: /],
    ['production without an HSM', { identity: MINIMAL.identity }, {}, /^hsm: is missing/],
    ['production without an issuer', { hsm: FULL.hsm }, {}, /^identity\.issuers: is missing/],
    ['an issuer over http', issuer({ issuer: 'http://idp.example' }), {}, /^identity\.issuers\.0\.issuer: must be https/],
    ['an issuer that looks like loopback', issuer({ issuer: 'http://127.0.0.1.evil.example' }), {}, /^identity\.issuers\.0\.issuer: /],
    ['keys over http', issuer({ jwksUri: 'http://idp.example/jwks' }), {}, /^identity\.issuers\.0\.jwksUri: /],
    ['an issuer twice', { ...MINIMAL, identity: { issuers: [MINIMAL.identity.issuers[0], MINIMAL.identity.issuers[0]] } }, {}, /^identity\.issuers\.1\.issuer: is configured twice/],
    ['a rule for everybody', issuer({ rules: [{ match: {}, roles: ['orderer'] }] }), {}, /^identity\.issuers\.0\.rules\.0\.match: /],
    ['a rule for nothing', issuer({ rules: [{ match: { a: 'b' }, roles: [] }] }), {}, /^identity\.issuers\.0\.rules\.0\.roles: /],
    ['a role that is none', issuer({ rules: [{ match: { a: 'b' }, roles: ['root'] }] }), {}, /^identity\.issuers\.0\.rules\.0\.roles\.0: /],
    ['development on every address', development({ http: { host: '0.0.0.0' } }), {}, /^http\.host: must be a loopback address/],
    ['development on a public URL', development({ http: { publicUrl: 'https://sign.example' } }), {}, /^http\.publicUrl: must be on a loopback address/],
    ['development in production', development(), { NODE_ENV: 'production' }, /^NODE_ENV: /],
    ['broken YAML', `hsm: {pin: "${PIN}"`, {}, /c\.yaml: is not valid YAML at line 1, column \d+ \(/],
    ['a key twice', 'profile: production\nprofile: development\n', {}, /not valid YAML at line 2, column 1 \(DUPLICATE_KEY\)/],
    ['an unknown tag', 'dataDir: !secret x\n', {}, /not valid YAML at line 1/],
    ['two documents', 'profile: production\n---\nprofile: development\n', {}, /not valid YAML/],
    ['an alias of nothing', 'dataDir: *nowhere\n', {}, /not valid YAML/],
    ['a list as the whole', '[]', {}, /must be a mapping/],
    ['no such file', MINIMAL, { COUNTERSIGN_CONFIG: '/nowhere/c.yaml' }, /^COUNTERSIGN_CONFIG: \/nowhere\/c\.yaml can not be read \(ENOENT\)$/],
    ['a folder as the file', MINIMAL, { COUNTERSIGN_CONFIG: '/' }, /^COUNTERSIGN_CONFIG: \/ is not a file/],
    ['an empty file name', MINIMAL, { COUNTERSIGN_CONFIG: '' }, /^COUNTERSIGN_CONFIG: /],
  ])('refuses %s in one line that names it', (_name, file, env, expected) => {
    expect(fault(file, env)).toMatch(expected);
  });

  const SHARED = { identity: MINIMAL.identity, eventStore: 'esdb://u:secret@h:2113?tls=false', readModel: 'postgres://u:secret@h:5432/d' };
  it('lets api and worker start in production without an HSM, and the signer without issuers and rows', () => {
    for (const role of ['api', 'worker'] as const) expect(load(SHARED, {}, { role })).toMatchObject({ hsm: null, eventStore: { kind: 'esdb', url: SHARED.eventStore }, readModel: { kind: 'postgres', url: SHARED.readModel } });
    expect(load({ eventStore: SHARED.eventStore, hsm: FULL.hsm, signer: { ledger: 'postgres://h/l' } }, {}, { role: 'signer' })).toMatchObject({ hsm: { pin: PIN }, signer: { ledger: { kind: 'postgres', url: 'postgres://h/l' } } });
  });

  it('needs no issuers where a genesis names them', () => {
    const given = { hsm: FULL.hsm, genesis: { digest: 'ab'.repeat(32) } };
    expect(load(given).identity.issuers).toEqual([]);
    expect(load({ ...SHARED, identity: {}, genesis: { file: '/etc/genesis.json' } }, {}, { role: 'api' }).genesis).toEqual({ digest: null, file: '/etc/genesis.json' });
    expect(describeConfig(load(given))).toMatchObject({ administration: { quorum: 1 }, genesis: { digest: 'ab'.repeat(32), file: 'none' } });
  });

  it.each<[string, object, Role, RegExp]>([
    ['rule 19: an api with a PIN', { ...SHARED, hsm: FULL.hsm }, 'api', /^hsm\.pin: is for the signer alone/],
    ['rule 19: a worker with the file of a PIN', { ...SHARED, hsm: { module: 'm', tokenLabel: 't', pinFile: '/run/pin' } }, 'worker', /^hsm\.pinFile: is for the signer alone/],
    ['an api on the embedded log', { ...SHARED, eventStore: 'embedded' }, 'api', /^eventStore: must be a store that processes share/],
    ['a worker on embedded rows', { ...SHARED, readModel: 'embedded' }, 'worker', /^readModel: must be a database that processes share/],
    ['a signer without an HSM', SHARED, 'signer', /^hsm: is missing/],
    ['an api in the development profile', { ...SHARED, profile: 'development' }, 'api', /^profile: must be production/],
  ])('refuses %s', (_name, file, role, expected) => {
    expect(() => load(file, {}, { role })).toThrow(expect.objectContaining({ name: 'ConfigError', message: expect.stringMatching(expected) as string }));
  });

  it('shows connection strings without user, password and options', () => {
    const shown = JSON.stringify(describeConfig(load(SHARED, {}, { role: 'api' })));
    expect(shown).not.toContain('secret');
    expect(shown).toContain('esdb://h:2113');
    expect(shown).toContain('postgres://h:5432/d');
    expect(withoutSecrets('esdb+discover://a:b@c@h1:1,h2:2?tls=true')).toBe('esdb+discover://h1:1,h2:2');
  });

  it('never answers with anything but a Config or a ConfigError, and shows no value', () => {
    const name = fc.stringMatching(/^COUNTERSIGN_[A-Z0-9_]{0,40}$/).filter((n) => n !== 'COUNTERSIGN_CONFIG');
    const known = fc.constantFrom('COUNTERSIGN_HTTP__PORT', 'COUNTERSIGN_HTTP__TRUST_PROXY', 'COUNTERSIGN_HSM__SESSIONS', 'COUNTERSIGN_IDENTITY__ISSUERS__0__RULES__0__MATCH____PROTO__', 'COUNTERSIGN_IDENTITY__ISSUERS__0__ISSUER');
    fc.assert(fc.property(fc.dictionary(fc.oneof(name, known), fc.string().map((s) => `§${s}`)), (env) => {
      try {
        loadConfig(env);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
        expect(String(error)).not.toContain('§');
      }
    }));
    expect({}).not.toHaveProperty('polluted');
  });

  it('describes itself without the PIN', () => {
    const shown = JSON.stringify(describeConfig(load(FULL)));
    expect(shown).not.toContain(PIN);
    expect(shown).toContain('https://sign.example');
    expect(shown).toContain('(hidden)');
  });
});
