import { generateKeyPairSync } from 'node:crypto';
import type { OperationView } from '#operations/application/operation-view.js';
import type { Claims } from '#test/system/issuer.js';
import type { Answer, Asked, Person } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const VALID = '422 VALIDATION_FAILED';
const MALFORMED = '400 MALFORMED_JSON';
const TOO_LARGE = '413 PAYLOAD_TOO_LARGE';
const b64 = (bytes: number): string => Buffer.alloc(bytes, 7).toString('base64');
const USAGE = { keyId: 'free', maxUsageCount: 1 };
const REQUEST = { keyUsages: [USAGE], description: 'x', validMs: 60_000 };
const ORDER = { keyId: 'free', digests: [b64(32)], digestAlgorithm: 'SHA-256' };
const KEY = { keyId: 'new', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: NONE };

let scene: Scene;
let open: OperationView;
let pending: OperationView;
beforeAll(async () => {
  scene = await Scene.open();
  await scene.key('free');
  await scene.key('two', 'ES256', ofFirmware(2));
  await scene.key('ed', 'EdDSA');
  await scene.key('rsa', 'RS256', NONE, { modulusBits: 2048 });
  open = await scene.orderer.operation({ free: 100, ed: 100, rsa: 100 });
  pending = await scene.orderer.operation({ two: 1 });
});
afterAll(() => scene.close());

/** What is sent, what comes, and of a body of the wrong shape where it is at fault. */
type Case = readonly [name: string, body: unknown, said?: string, path?: string];

function refuses(title: string, cases: readonly Case[], send: (body: unknown, asked: Asked) => Promise<Answer<unknown>>): void {
  it(`${title}: ${cases.length} bodies, and no event`, async () => {
    const wrong: unknown[] = [];
    const events = await scene.writtenWhile('free', async () => {
      for (const [name, body, said = VALID, path] of cases) {
        const answer = await send(body, { wrong: true });
        const { errors = [] } = answer.body as { readonly errors?: readonly { readonly path: string }[] };
        const paths = errors.map((e) => e.path);
        if (answer.said !== said || (path !== undefined && !paths.includes(path)) || (said === VALID) !== errors.length > 0) wrong.push({ name, said: answer.said, expected: said, paths, path });
      }
    });
    expect({ wrong, events }).toEqual({ wrong: [], events: [] });
  });
}

const requests = (change: Readonly<Record<string, unknown>>): unknown => ({ ...REQUEST, ...change });
const usage = (change: Readonly<Record<string, unknown>>): unknown => requests({ keyUsages: [{ ...USAGE, ...change }] });
const COUNTS: readonly (readonly [string, unknown])[] = [['0', 0], ['-1', -1], ['1.5', 1.5], ['2^53', 2 ** 53], ['1,000,001', 1_000_001], ['NaN as string', 'NaN'], ['digits as string', '3'], ['null', null], ['true', true], ['a list', [1]], ['an object', {}]];
const NOT_OBJECTS: readonly Case[] = [['a list', [], VALID, ''], ['a text', '"x"', VALID, ''], ['a number', '1', VALID, ''], ['null', 'null', VALID, ''], ['nothing', undefined, VALID, '']];
const BROKEN: readonly Case[] = [
  ['cut off', '{"keyUsages": [', MALFORMED], ['a trailing comma', '{"a": 1,}', MALFORMED], ['single quotes', "{'a': 1}", MALFORMED], ['NaN', '{"validMs": NaN}', MALFORMED], ['two values', '{} {}', MALFORMED],
  ['blanks', '   ', MALFORMED], ['Latin-1', Buffer.from('{"description": "\xfc"}', 'latin1'), MALFORMED], ['a byte order mark', '\ufeff{}', MALFORMED], ['over 2 MiB', `{"description": "${'x'.repeat(2 * 1024 * 1024)}"}`, TOO_LARGE],
];

describe('a request for an operation', () => {
  refuses('shape', [
    ...BROKEN, ...NOT_OBJECTS,
    ['empty', {}, VALID, '/keyUsages'], ['unknown member', requests({ more: 1 }), VALID, '/more'], ['__proto__', '{"__proto__": 1, "keyUsages": []}', VALID], ['constructor', requests({ constructor: 1 }), VALID, '/constructor'],
    ['members of both forms', requests({ 'new-keyusagerestrictions': [{ keyid: 'free', maxusagecount: 1 }] }), VALID, '/keyUsages'],
    ['unknown member of a usage', usage({ more: 1 }), VALID, '/keyUsages/0/more'],
    ...COUNTS.map(([name, count]): Case => [`count ${name}`, usage({ maxUsageCount: count }), VALID, '/keyUsages/0/maxUsageCount']),
    ['count 1e999', `{"keyUsages":[{"keyId":"free","maxUsageCount":1e999}],"description":"x","validMs":60000}`, VALID, '/keyUsages/0/maxUsageCount'],
    ...([['empty', ''], ['upper case', 'FREE'], ['65 characters', 'a'.repeat(65)], ['a path', '../free'], ['a dot first', '.free'], ['a number', 1], ['null', null]] as const).map(([name, keyId]): Case => [`keyId ${name}`, usage({ keyId }), VALID, '/keyUsages/0/keyId']),
    ['no keys', requests({ keyUsages: [] }), VALID, '/keyUsages'], ['101 keys', requests({ keyUsages: Array.from({ length: 101 }, (_, n) => ({ keyId: `k${n}`, maxUsageCount: 1 })) }), VALID, '/keyUsages'],
    ['a key twice', requests({ keyUsages: [USAGE, { keyId: 'two', maxUsageCount: 1 }, { ...USAGE, maxUsageCount: 2 }] }), VALID, '/keyUsages/2/keyId'],
    ['an unknown key', usage({ keyId: 'nowhere' }), '422 KEY_UNKNOWN'], ['an unknown key beside a known one', requests({ keyUsages: [USAGE, { keyId: 'nowhere', maxUsageCount: 1 }] }), '422 KEY_UNKNOWN'],
    ['no description', requests({ description: undefined }), VALID, '/description'], ['empty description', requests({ description: '' }), VALID, '/description'], ['description of 2,001', requests({ description: 'x'.repeat(2_001) }), VALID, '/description'],
    ['description of a million', requests({ description: 'x'.repeat(1_000_000) }), VALID, '/description'], ['description with NUL', '{"keyUsages":[{"keyId":"free","maxUsageCount":1}],"description":"a\\u0000","validMs":60000}', VALID, '/description'],
    ['half a surrogate pair', '{"keyUsages":[{"keyId":"free","maxUsageCount":1}],"description":"\\ud83d","validMs":60000}', VALID, '/description'],
    ['context of 10,001', requests({ approverContext: 'x'.repeat(10_001) }), VALID, '/approverContext'], ['context null', requests({ approverContext: null }), VALID, '/approverContext'],
    ...([999, 31_536_000_001, 0, -1, 1000.5, 2 ** 53, '60000', null] as const).map((validMs): Case => [`validMs ${String(validMs)}`, requests({ validMs }), VALID, '/validMs']),
    ...(['yesterday', '2026-11-20', '2026-11-20T12:00:00', '2026-13-01T00:00:00Z', '2026-02-30T00:00:00Z', '2026-11-20T24:00:00Z', '', 1, null] as const).map((notBefore): Case => [`notBefore ${String(notBefore)}`, requests({ notBefore }), VALID, '/notBefore']),
    ['a window in the past', requests({ notBefore: new Date(Date.now() - 120_000).toISOString() }), VALID, '/notBefore'], ['a window before 1970', requests({ notBefore: '1960-01-01T00:00:00Z', validMs: 31_536_000_000 }), VALID, '/notBefore'],
    ['a window beyond 9999', requests({ notBefore: '9999-12-31T23:59:59Z' }), VALID, '/notBefore'],
    ['binding of nothing', requests({ binding: { digests: [] } }), VALID, '/binding/digests'], ['binding of 31 bytes', requests({ binding: { digests: [b64(32), b64(31)] } }), VALID, '/binding/digests/1'],
    ['binding not base64', requests({ binding: { digests: ['!'.repeat(44)] } }), VALID, '/binding/digests/0'], ['1,001 bound digests', requests({ binding: { digests: Array.from({ length: 1_001 }, () => b64(32)) } }), VALID, '/binding/digests'],
    ['binding null', requests({ binding: null }), VALID, '/binding'],
  ], (body, asked) => scene.orderer.post('/v1/operations', body, asked));

  refuses('shape, in kebab-case', [
    ['empty list', { 'new-keyusagerestrictions': [], description: 'x', validms: 60_000 }, VALID, '/new-keyusagerestrictions'],
    ['a key twice', { 'new-keyusagerestrictions': [{ keyid: 'free', maxusagecount: 1 }, { keyid: 'free', maxusagecount: 1 }], description: 'x', validms: 60_000 }, VALID, '/new-keyusagerestrictions/1/keyid'],
    ['count 0', { 'new-keyusagerestrictions': [{ keyid: 'free', maxusagecount: 0 }], description: 'x', validms: 60_000 }, VALID, '/new-keyusagerestrictions/0/maxusagecount'],
    ['camelCase beside it', { 'new-keyusagerestrictions': [{ keyid: 'free', maxusagecount: 1 }], description: 'x', validMs: 60_000 }, VALID, '/validMs'],
  ], (body, asked) => scene.orderer.post('/v1/operations', body, asked));
});

describe('a sign order', () => {
  const order = (change: Readonly<Record<string, unknown>>): unknown => ({ ...ORDER, ...change });
  refuses('shape', [
    ...BROKEN, ...NOT_OBJECTS,
    ['empty', {}, VALID, '/keyId'], ['unknown member', order({ more: 1 }), VALID, '/more'], ['neither digests nor data', { keyId: 'free' }, VALID, ''], ['both', order({ data: b64(3) }), VALID, '/data'],
    ['no digestAlgorithm', order({ digestAlgorithm: undefined }), VALID, '/digestAlgorithm'], ['digestAlgorithm with data', { keyId: 'free', data: b64(3), digestAlgorithm: 'SHA-256' }, VALID, '/digestAlgorithm'],
    ['another hash than the key’s', order({ digests: [b64(48)], digestAlgorithm: 'SHA-384' }), VALID, '/digestAlgorithm'], ['SHA-1', order({ digests: [b64(20)], digestAlgorithm: 'SHA-1' }), VALID, '/digestAlgorithm'],
    ...[0, 20, 31, 33, 48, 64].map((bytes): Case => [`a digest of ${bytes} bytes`, order({ digests: [b64(32), b64(bytes)] }), VALID, '/digests/1']),
    ...([['no base64', '!'.repeat(44)], ['base64url', '-_'.repeat(21) + 'w='], ['unpadded', b64(32).slice(0, -1)], ['line breaks', `${b64(32).slice(0, 22)}\n${b64(32).slice(22)}`], ['stray bits', `${b64(32).slice(0, -2)}d=`], ['a number', 1], ['null', null], ['a list', []]] as const)
      .map(([name, one]): Case => [`a digest that is ${name}`, order({ digests: [one] }), VALID, '/digests/0']),
    ['no digest', order({ digests: [] }), VALID, '/digests'], ['1,001 digests', order({ digests: Array.from({ length: 1_001 }, () => b64(32)) }), VALID, '/digests'], ['digests as text', order({ digests: b64(32) }), VALID, '/digests'],
    ['data that is no base64', { keyId: 'free', data: 'not base64!' }, VALID, '/data'], ['long data that is no base64', { keyId: 'free', data: `${b64(3_000)}=` }, VALID, '/data'], ['data as number', { keyId: 'free', data: 1 }, VALID, '/data'],
    ['data over 1 MiB', { keyId: 'free', data: b64(1024 * 1024 + 1) }, TOO_LARGE], ['a message for EdDSA over 256 KiB', { keyId: 'ed', data: b64(256 * 1024 + 1) }, TOO_LARGE],
    ['digests for EdDSA', order({ keyId: 'ed' }), VALID, '/digests'], ['raw of RSA', order({ keyId: 'rsa', signatureFormat: 'raw' }), VALID, '/signatureFormat'], ['raw of EdDSA', { keyId: 'ed', data: b64(3), signatureFormat: 'raw' }, VALID, '/signatureFormat'],
    ['another format', order({ signatureFormat: 'pem' }), VALID, '/signatureFormat'],
  ], (body, asked) => scene.orderer.post(`/v1/operations/${open.operationId}/sign-orders`, body, asked));
});

describe('keys', () => {
  const key = (change: Readonly<Record<string, unknown>>): unknown => ({ ...KEY, ...change });
  const policies: readonly (readonly [string, unknown, string])[] = [
    ['absent', undefined, ''], ['null', null, ''], ['a text', 'none', ''], ['without type', {}, '/type'], ['of another type', { type: 'some' }, '/type'], ['none with a count', { type: 'none', count: 1 }, '/count'],
    ...(['allOf', 'anyOf', 'threshold', 'sequence'] as const).map((type) => [`of type ${type} of nothing`, { type, ...(type === 'threshold' ? { k: 1 } : {}), of: [] }, '/of'] as const),
    ['a threshold of none', { type: 'threshold', k: 0, of: [NONE] }, '/k'], ['a threshold without k', { type: 'threshold', of: [NONE] }, '/k'], ['fewer weights than nodes', { type: 'threshold', k: 1, of: [NONE, NONE], weights: [1] }, '/weights'],
    ['with an unknown option', { tree: NONE, quorum: 2 }, '/quorum'],
    ...COUNTS.filter(([name]) => name !== '1,000,001').map(([name, count]) => [`with a count of ${name}`, { type: 'approvers', count }, '/count'] as const),
    ['without count', { type: 'approvers' }, '/count'], ['with an empty group', { type: 'approvers', count: 1, group: '' }, '/group'], ['with a group that is none', { type: 'approvers', count: 1, group: ['x'] }, '/group'],
  ];
  refuses('registration', [
    ...BROKEN, ...NOT_OBJECTS,
    ['unknown member', key({ more: 1 }), VALID, '/more'], ['keyId with a blank', key({ keyId: 'a b' }), VALID, '/keyId'], ['purpose', key({ purpose: 'fun' }), VALID, '/purpose'],
    ['algorithm', key({ algorithm: 'HS256' }), VALID, '/algorithm'], ['ES512', key({ algorithm: 'ES512' }), VALID, '/algorithm'], ['1024 bits', key({ algorithm: 'RS256', modulusBits: 1024 }), VALID, '/modulusBits'], ['bits of EC', key({ modulusBits: 2048 }), VALID, '/modulusBits'],
    ['requesters of nothing', key({ requesters: {} }), VALID, '/requesters'], ['unknown requesters', key({ requesters: { person: 'x' } }), VALID, '/requesters/person'], ['pkcs11 of nothing', key({ pkcs11: {} }), VALID, '/pkcs11'],
    ['odd hex', key({ pkcs11: { idHex: '0a1' } }), VALID, '/pkcs11/idHex'], ['description of 2,001', key({ description: 'x'.repeat(2_001) }), VALID, '/description'],
    ...policies.map(([name, approvalPolicy, path]): Case => [`policy ${name}`, key({ approvalPolicy }), VALID, `/approvalPolicy${path}`]),
  ], (body, asked) => scene.admin.post('/v1/keys', body, asked));
  refuses('a policy', policies.filter(([, policy]) => typeof policy !== 'string').map(([name, policy, path]): Case => [name, policy === null ? 'null' : policy, VALID, path]), (body, asked) => scene.admin.send('PUT', '/v1/keys/free/approval-policy', body, asked));
  refuses('a reason', [...BROKEN, ['none', {}, VALID, '/reason'], ['an empty one', { reason: '' }, VALID, '/reason'], ['one of 2,001', { reason: 'x'.repeat(2_001) }, VALID, '/reason'], ['one of another kind', { reason: 1 }, VALID, '/reason'], ['unknown member', { reason: 'x', more: 1 }, VALID, '/more']],
    (body, asked) => scene.admin.post('/v1/keys/free/disable', body, asked));
});

describe('decisions', () => {
  refuses('approval and rejection', [
    ...BROKEN, ...NOT_OBJECTS,
    ['no digest', { decision: 'approve' }, VALID, '/requestDigest'], ['a digest that is no base64', { decision: 'approve', requestDigest: 'x' }, VALID, '/requestDigest'], ['a huge digest', { decision: 'approve', requestDigest: b64(100_000) }, VALID, '/requestDigest'],
    ['another decision', { decision: 'Approve', requestDigest: b64(32) }, VALID, '/decision'], ['comment of 2,001', { decision: 'approve', requestDigest: b64(32), comment: 'x'.repeat(2_001) }, VALID, '/comment'],
    ['unknown member', { decision: 'approve', requestDigest: b64(32), force: true }, VALID, '/force'],
  ], (body, asked) => scene.ana.post(`/v1/operations/${pending.operationId}/decisions`, body, asked));
  refuses('withdrawal', [['a body', { reason: 'x' }, VALID, '/reason'], ['a list', [], VALID, ''], ['broken', '{', MALFORMED]], (body, asked) => scene.ana.send('DELETE', `/v1/operations/${pending.operationId}/decisions/mine`, body, asked));
  refuses('revocation', [['none', {}, VALID, '/reason'], ['a long one', { reason: 'x'.repeat(2_001) }, VALID, '/reason']], (body, asked) => scene.ana.post(`/v1/operations/${pending.operationId}/revocation`, body, asked));
});

it('headers and parameters: none is passed over, and no event', async () => {
  const bad: [Person, string, Readonly<Record<string, string>>, string][] = [
    ...['limit=0', 'limit=201', 'limit=1.5', 'limit=x', 'limit=', 'limit=1&limit=2', 'cursor=', 'cursor=nonsense', 'state=open', 'keyId=A', 'requestedBy=you', 'decidedBy=ana', 'more=1'].map((q): [Person, string, Record<string, string>, string] => [scene.admin, `/v1/operations?${q}`, {}, q.split('=')[0] ?? '']),
    ...['type=x', 'type=operations.requested.v', 'from=yesterday', 'to=1', 'actor=', 'keyId=A', 'cursor=e30', 'more=1', 'from=2026-01-01T00:00:00Z&from=2026-01-01T00:00:00Z'].map((q): [Person, string, Record<string, string>, string] => [scene.auditor, `/v1/audit/events?${q}`, {}, q.split('=')[0] ?? '']),
    [scene.ana, '/v1/approvals/queue?state=pending', {}, 'state'], [scene.admin, '/v1/keys?keyId=free', {}, 'keyId'], [scene.orderer, `/v1/operations/${open.operationId}?until=approved`, {}, 'until'],
    [scene.orderer, `/v1/operations/${open.operationId}`, { 'if-min-revision': '"1"' }, 'If-Min-Revision'], [scene.orderer, `/v1/operations/${open.operationId}`, { 'if-min-revision': '-1' }, 'If-Min-Revision'],
  ];
  const events = await scene.writtenWhile('free', async () => {
    for (const [who, path, headers, at] of bad) {
      const answer = await who.send<{ readonly errors?: readonly { readonly path: string }[] }>('GET', path, undefined, { headers, wrong: true });
      expect({ path, said: answer.said, at: answer.body.errors?.map((e) => e.path) }).toEqual({ path, said: VALID, at: expect.arrayContaining([at]) });
    }
    for (const key of ['', 'x'.repeat(201), 'tab\there']) expect((await scene.orderer.requests({ free: 1 }, {}, { key, wrong: true })).said).toBe(VALID);
    expect((await scene.orderer.post('/v1/operations?dryRun=true', REQUEST, { wrong: true })).said).toBe(VALID);
  });
  expect(events).toEqual([]);
});

it('tokens: only good ones, and no event', async () => {
  const { issuer } = scene.service;
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'ES256', kid: issuer.kid, typ: 'JWT' };
  const with_ = (claims: Claims): string => issuer.sign(header, issuer.claims('eve', ['orderer'], claims));
  const good = with_({});
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const [head = '', body = '', signature = ''] = good.split('.');
  const tokens: Readonly<Record<string, string>> = {
    expired: with_({ exp: now - 61 }), 'not valid yet': with_({ nbf: now + 120 }), 'without exp': with_({ exp: undefined }), 'with exp as text': with_({ exp: String(now + 60) }), 'without sub': with_({ sub: undefined }), 'with an empty sub': with_({ sub: '' }),
    'of an unknown issuer': with_({ iss: 'https://evil.example' }), 'without issuer': with_({ iss: undefined }), 'of an issuer in other case': with_({ iss: issuer.url.toUpperCase() }), 'for another audience': with_({ aud: 'another' }), 'for other audiences': with_({ aud: ['a', 'b'] }), 'for nobody': with_({ aud: undefined }),
    'alg none': issuer.sign({ alg: 'none' }, issuer.claims('eve', ['orderer'])), 'alg None': `${Buffer.from('{"alg":"None"}').toString('base64url')}.${body}.`, 'HMAC with the public key': issuer.sign({ ...header, alg: 'HS256' }, issuer.claims('eve', ['orderer']), issuer.publicKeyPem),
    'HMAC with an empty key': issuer.sign({ ...header, alg: 'HS256' }, issuer.claims('eve', ['orderer']), ''), 'signed by another key': issuer.sign(header, issuer.claims('eve', ['orderer']), privateKey), 'of an unknown kid': issuer.sign({ ...header, kid: 'x' }, issuer.claims('eve', ['orderer']), privateKey),
    'without signature': `${head}.${body}.`, 'with other claims': `${head}.${Buffer.from(JSON.stringify(issuer.claims('eve', ['administrator']))).toString('base64url')}.${signature}`, garbage: 'x.y.z', empty: '', 'a huge one': `${head}.${'x'.repeat(20_000)}.${signature}`,
  };
  const events = await scene.writtenWhile('free', async () => {
    expect((await scene.bearer(good).requests({ free: 0 }, {}, { wrong: true })).said).toBe(VALID);
    for (const [name, token] of Object.entries(tokens)) {
      const answer = await scene.bearer(token).requests({ free: 1 });
      expect({ name, said: answer.said, challenge: answer.headers.get('www-authenticate') }).toEqual({ name, said: '401 UNAUTHENTICATED', challenge: 'Bearer realm="countersign", error="invalid_token"' });
    }
    const basic = await scene.nobody.post('/v1/operations', REQUEST, { headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` } });
    expect(basic.said).toBe('401 UNAUTHENTICATED');
    expect((await scene.nobody.requests({ free: 1 })).headers.get('www-authenticate')).toBe('Bearer realm="countersign"');
  });
  expect(events).toEqual([]);
  // 60 s of skew are allowed.
  expect((await scene.bearer(with_({ exp: now - 30, nbf: now + 30 })).get('/v1/keys')).said).toBe('200');
});
