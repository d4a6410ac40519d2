import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { KeyBody } from '#keys/adapters/http/key.schema.js';
import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { hashOfAlgorithm, opensslVerifies } from './openssl.js';
import { expected } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
const PIPELINE = { match: { repository: 'acme/firmware', ref: 'refs/tags/*' }, roles: ['orderer'] };

let scene: Scene;
let prod: KeyBody;
beforeAll(async () => {
  scene = await Scene.open({}, ({ issuer }) => ({
    identity: { issuers: [{ issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks`, displayClaims: ['repository', 'workflow_ref', 'build.number'], rules: [PIPELINE] }] },
  }));
  await scene.key('fw-dev');
  prod = await scene.key('fw-prod', 'ES256', ofFirmware(2));
});
afterAll(() => scene.close());

describe('the story', () => {
  it('goes from a pipeline’s request in kebab-case to three signatures, and no fourth', async () => {
    const pipeline = scene.as('repo:acme/firmware', [], { repository: 'acme/firmware', ref: 'refs/tags/v4.2.0', workflow_ref: 'release.yml@main', build: { number: 8123, secret: 'x' }, name: 'CI' });
    const asked = await pipeline.post<Awaited<ReturnType<typeof pipeline.operation>>>('/v1/operations', {
      'new-keyusagerestrictions': [{ keyid: 'fw-prod', maxusagecount: 3 }, { keyid: 'fw-dev', maxusagecount: 1 }], description: 'Release 4.2.0', approvercontext: 'Build 8123, tests green', validms: 3_600_000,
    });
    const operation = expected(asked, 201);
    expect(asked.headers.get('location')).toBe(`/v1/operations/${operation.operationId}`);
    expect(asked.headers.get('etag')).toBe(`"${operation.revision}"`);
    const requestedBy = { issuer: scene.service.issuer.url, subject: 'repo:acme/firmware', name: 'CI', claims: { repository: 'acme/firmware', workflow_ref: 'release.yml@main', 'build.number': 8123 } };
    expect(operation).toMatchObject({
      state: 'pending', requestedBy, description: 'Release 4.2.0', approverContext: 'Build 8123, tests green', binding: null, decisions: [], revision: 0,
      keyUsages: [
        { keyId: 'fw-prod', maxUsageCount: 3, usedCount: 0, remainingCount: 3, approval: { policy: { ...ofFirmware(2), role: 'approver' }, met: false, missing: 2 } },
        { keyId: 'fw-dev', maxUsageCount: 1, usedCount: 0, remainingCount: 1, approval: { policy: NONE, met: true, missing: 0 } },
      ],
    });
    expect(Date.parse(operation.expiresAt) - Date.parse(operation.notBefore)).toBe(3_600_000);
    const queued = await eventually(async () => expected(await scene.ana.queue(), 200).items.find((o) => o.operationId === operation.operationId), (found) => found !== undefined);
    expect(queued).toEqual(operation);

    // All or nothing: not even the key that needs nobody.
    for (const keyId of ['fw-dev', 'fw-prod']) expect((await pipeline.orders(operation, { keyId, data: b64('early') })).said).toBe('409 OPERATION_NOT_APPROVED');
    const once = expected(await scene.ana.decides('approve', operation, {}, 'looks good'), 201);
    expect(once).toMatchObject({ state: 'pending', decisions: [{ decision: 'approve', by: { subject: 'ana', name: 'Name of ana' }, comment: 'looks good' }] });
    expect(once.keyUsages[0]?.approval).toMatchObject({ met: false, missing: 1 });
    const again = expected(await scene.ana.approves(operation), 201);
    expect(again).toEqual(once);
    expect((await pipeline.orders(operation, { keyId: 'fw-dev', data: b64('early') })).said).toBe('409 OPERATION_NOT_APPROVED');
    expect(expected(await scene.ben.approves(operation), 201)).toMatchObject({ state: 'approved', keyUsages: [{ approval: { met: true, missing: 0 } }, { approval: { met: true, missing: 0 } }] });
    expect((await scene.cleo.approves(operation)).said).toBe('409 OPERATION_APPROVED');

    for (const n of [1, 2, 3]) {
      const order = await scene.ended(await pipeline.orders(operation, { keyId: 'fw-prod', data: b64(`firmware ${n}`) }), pipeline);
      expect(order).toMatchObject({ state: 'completed', keyId: 'fw-prod', algorithm: 'ES256', usesConsumed: 1 });
      expect(opensslVerifies({ publicKeyPem: prod.publicKeyPem, algorithm: 'ES256', data: Buffer.from(`firmware ${n}`), signature: order.signatures?.[0] })).toBe(true);
    }
    expect((await pipeline.orders(operation, { keyId: 'fw-prod', data: b64('firmware 4') })).said).toBe('409 USAGE_EXHAUSTED');
    expect(expected(await pipeline.reads(operation), 200)).toMatchObject({ state: 'approved', keyUsages: [{ usedCount: 3, remainingCount: 0 }, { usedCount: 0, remainingCount: 1 }] });
    expect((await scene.ana.withdraws(operation)).said).toBe('409 APPROVAL_IN_USE');

    await scene.ended(await pipeline.orders(operation, { keyId: 'fw-dev', data: b64('dev') }), pipeline);
    await eventually(async () => expected(await pipeline.reads(operation), 200).state, (state) => state === 'exhausted');
    expect((await pipeline.orders(operation, { keyId: 'fw-dev', data: b64('dev') })).said).toBe('409 USAGE_EXHAUSTED');
    expect((await scene.cleo.rejects(operation)).said).toBe('409 OPERATION_EXHAUSTED');
    expect((await scene.admin.revokes(operation)).said).toBe('409 OPERATION_EXHAUSTED');

    const trail = await scene.trail(operation, (items) => items.filter((e) => e.type === 'operations.use-refused.v1').length === 2 && items.some((e) => e.type === 'operations.exhausted.v1'));
    const count = (type: string): number => trail.filter((e) => e.type === `${type}.v1`).length;
    expect({ requested: count('operations.requested'), given: count('operations.approval-given'), approved: count('operations.approved'), reserved: count('operations.uses-reserved'), started: count('signing.started'), completed: count('signing.completed') })
      .toEqual({ requested: 1, given: 2, approved: 1, reserved: 4, started: 4, completed: 4 });
    const positions = trail.map((e) => BigInt(e.position));
    expect(positions).toEqual([...positions].sort((a, b) => (a < b ? -1 : 1)));
    expect(trail.find((e) => e.type === 'operations.approval-given.v1')?.actor).toEqual({ issuer: scene.service.issuer.url, subject: 'ana' });
    expect(trail.find((e) => e.type === 'signing.completed.v1')?.data).toMatchObject({ keyId: 'fw-prod', digests: [sha256('firmware 1')] });
  });

  it('means the same in either form', async () => {
    const kebab = expected(await scene.orderer.post<typeof one>('/v1/operations', { 'new-keyusagerestrictions': [{ keyid: 'fw-dev', maxusagecount: 2 }], description: 'x', validms: 60_000 }), 201);
    const one = await scene.orderer.operation({ 'fw-dev': 2 }, { description: 'x', validMs: 60_000 });
    const { operationId, requestedAt, notBefore, expiresAt, requestDigest, requestStatement, ...same } = one;
    expect(kebab).toMatchObject(same);
    expect(Object.keys(kebab).sort()).toEqual(Object.keys(one).sort());
    expect([kebab.operationId, kebab.requestDigest]).not.toEqual([operationId, requestDigest]);
    expect([requestedAt, notBefore, expiresAt, requestStatement].every((text) => text.length > 0)).toBe(true);
  });

  it('states what is asked in canonical JSON, whose hash is what is decided on', async () => {
    const digest = sha256('artefact');
    const operation = await scene.orderer.operation({ 'fw-prod': 3, 'fw-dev': 1 }, { approverContext: 'Ticket „FW-991“ 🚢', binding: { digests: [digest] } });
    expect(createHash('sha256').update(operation.requestStatement, 'utf8').digest('base64')).toBe(operation.requestDigest);
    const statement = JSON.parse(operation.requestStatement) as Record<string, unknown>;
    const spki = createHash('sha256').update(Buffer.from((prod.publicKeyPem ?? '').replace(/-----[^-]+-----|\s/g, ''), 'base64')).digest('hex');
    expect(statement).toEqual({
      type: 'countersign/request/v1', deployment: expect.any(String), operationId: operation.operationId, requestedBy: operation.requestedBy, requestedAt: operation.requestedAt,
      notBefore: operation.notBefore, expiresAt: operation.expiresAt, description: operation.description, approverContext: operation.approverContext, binding: { digests: [digest] },
      keyUsages: [
        { keyId: 'fw-prod', algorithm: 'ES256', publicKeySha256: spki, maxUsageCount: 3, policy: expect.objectContaining({ type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' }) },
        { keyId: 'fw-dev', algorithm: 'ES256', publicKeySha256: expect.stringMatching(/^[0-9a-f]{64}$/), maxUsageCount: 1, policy: { type: 'none' } },
      ],
    });
    // RFC 8785: members sorted, nothing between them.
    const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(sorted) : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, sorted(v)])) : value);
    expect(operation.requestStatement).toBe(JSON.stringify(sorted(statement)));
  });
});

describe('decisions', () => {
  it('can be withdrawn until the first use, and given anew', async () => {
    const operation = await scene.approved({ 'fw-prod': 1 });
    expect(operation.state).toBe('approved');
    const withdrawn = expected(await scene.ana.withdraws(operation), 200);
    expect(withdrawn).toMatchObject({ state: 'pending', decisions: [{ by: { subject: 'ben' } }], keyUsages: [{ approval: { met: false, missing: 1 } }] });
    expect((await scene.ana.withdraws(operation)).said).toBe('404 NOT_FOUND');
    expect((await scene.cleo.withdraws(operation)).said).toBe('404 NOT_FOUND');
    expect((await scene.orderer.orders(operation, { keyId: 'fw-prod', data: b64('x') })).said).toBe('409 OPERATION_NOT_APPROVED');
    await eventually(async () => expected(await scene.ana.queue(), 200).items.some((o) => o.operationId === operation.operationId), (there) => there);
    expect(expected(await scene.ana.approves(operation), 201).state).toBe('approved');
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw-prod', data: b64('x') }))).state).toBe('completed');
    const trail = (await scene.trail(operation, (items) => items.some((e) => e.type === 'signing.completed.v1'))).filter((e) => e.type.startsWith('operations.appro')).map((e) => e.type);
    expect(trail).toEqual(['operations.approval-given.v1', 'operations.approval-given.v1', 'operations.approved.v1', 'operations.approval-withdrawn.v1', 'operations.approval-given.v1', 'operations.approved.v1']);
  });

  it('end with one rejection', async () => {
    const operation = await scene.orderer.operation({ 'fw-prod': 1 });
    expected(await scene.ana.approves(operation), 201);
    expect((await scene.ana.rejects(operation)).said).toBe('409 ALREADY_DECIDED');
    expect(expected(await scene.ben.decides('reject', operation, {}, 'not this one'), 201)).toMatchObject({ state: 'rejected', decisions: [{ decision: 'approve' }, { decision: 'reject', comment: 'not this one' }] });
    expect(expected(await scene.ben.rejects(operation), 201).state).toBe('rejected');
    expect((await scene.ben.approves(operation)).said).toBe('409 ALREADY_DECIDED');
    for (const refused of [await scene.cleo.approves(operation), await scene.orderer.orders(operation, { keyId: 'fw-prod', data: b64('x') }), await scene.admin.revokes(operation), await scene.ana.withdraws(operation)])
      expect(refused.said).toBe('409 OPERATION_REJECTED');
  });

  it('are not for who asked, for who is not named, nor about something else', async () => {
    const both = scene.as('both', ['orderer', 'approver', 'administrator'], { groups: ['firmware-approvers'] });
    const own = await both.operation({ 'fw-prod': 1 });
    expect((await both.approves(own)).said).toBe('403 SELF_APPROVAL');
    expect((await both.rejects(own)).said).toBe('403 SELF_APPROVAL');
    const asApprover = scene.approver('both');
    expect((await asApprover.approves({ ...own, requestDigest: sha256('other') })).said).toBe('403 SELF_APPROVAL');
    for (const stranger of [scene.approver('dan', 'other-group'), scene.as('eve', ['administrator'], { groups: ['firmware-approvers'] }), scene.as('fay', ['approver'])])
      expect((await stranger.approves({ ...own, requestDigest: sha256('other') })).said).toBe('403 NOT_ELIGIBLE');
    expect((await scene.ana.approves({ ...own, requestDigest: sha256('other') })).said).toBe('409 REQUEST_DIGEST_MISMATCH');
    expect(expected(await both.reads(own), 200).decisions).toEqual([]);
    const types = (await scene.trail(own, (items) => items.filter((e) => e.type === 'operations.decision-refused.v1').length === 5)).filter((e) => e.type === 'operations.decision-refused.v1');
    expect(types.map((e) => [e.actor.subject, (e.data as { readonly code: string }).code])).toEqual(expect.arrayContaining([['both', 'SELF_APPROVAL'], ['dan', 'NOT_ELIGIBLE'], ['ana', 'REQUEST_DIGEST_MISMATCH']]));
  });

  it('are for whom a policy names: a role of another name, any group, several keys judged alone', async () => {
    await scene.key('by-auditors', 'ES256', { type: 'approvers', count: 1, role: 'auditor' });
    await scene.key('by-anybody', 'ES256', { type: 'approvers', count: 2 });
    const operation = await scene.orderer.operation({ 'by-auditors': 1, 'by-anybody': 1 });
    expect(expected(await scene.approver('gus', 'g').approves(operation), 201).keyUsages.map((u) => u.approval.missing)).toEqual([1, 1]);
    expect((await scene.admin.approves(operation)).said).toBe('403 NOT_ELIGIBLE');
    // One who is both serves both keys.
    expect(expected(await scene.as('hal', ['approver', 'auditor']).approves(operation), 201)).toMatchObject({ state: 'approved', keyUsages: [{ approval: { met: true } }, { approval: { met: true } }] });
  });
});

describe('revocation', () => {
  it('takes all before use, and what is left after it', async () => {
    const before = await scene.orderer.operation({ 'fw-prod': 1 });
    expect(expected(await scene.orderer.revokes(before), 201)).toMatchObject({ state: 'revoked', inFlight: [] });
    for (const refused of [await scene.orderer.revokes(before), await scene.ana.approves(before), await scene.orderer.orders(before, { keyId: 'fw-prod', data: b64('x') })]) expect(refused.said).toBe('409 OPERATION_REVOKED');

    const after = await scene.orderer.operation({ 'fw-dev': 3 });
    await scene.ended(await scene.orderer.orders(after, { keyId: 'fw-dev', data: b64('x') }));
    const revoked = expected(await scene.admin.revokes(after), 201);
    expect(revoked).toMatchObject({ state: 'revoked', inFlight: [], keyUsages: [{ usedCount: 1, remainingCount: 2 }] });
    expect((await scene.orderer.orders(after, { keyId: 'fw-dev', data: b64('x') })).said).toBe('409 OPERATION_REVOKED');
    expect(expected(await scene.orderer.reads(after), 200).state).toBe('revoked');
  });
  it('is for administrators, its orderer and eligible approvers', async () => {
    const operation = await scene.approved({ 'fw-prod': 1 });
    for (const stranger of [scene.approver('dan', 'other-group'), scene.auditor, scene.as('orderer-2', ['orderer'])]) expect((await stranger.revokes(operation)).said).toBe('403 NOT_YOUR_OPERATION');
    expect(expected(await scene.cleo.revokes(operation), 201).state).toBe('revoked');
  });
});

describe('time', () => {
  it('ends a window by the clock', async () => {
    const pending = await scene.orderer.operation({ 'fw-prod': 1 }, { validMs: 1_000 });
    const open = await scene.orderer.operation({ 'fw-dev': 2 }, { validMs: 1_000, notBefore: pending.requestedAt });
    await scene.ended(await scene.orderer.orders(open, { keyId: 'fw-dev', data: b64('in time') }));
    await sleep(Math.max(0, Date.parse(open.expiresAt) - Date.now()) + 20);
    for (const operation of [pending, open]) {
      expect(expected(await scene.orderer.reads(operation), 200).state).toBe('expired');
      for (const refused of [await scene.orderer.orders(operation, { keyId: operation.keyUsages[0]?.keyId ?? '', data: b64('late') }), await scene.admin.revokes(operation)]) expect(refused.said).toBe('409 OPERATION_EXPIRED');
    }
    expect((await scene.ana.approves(pending)).said).toBe('409 OPERATION_EXPIRED');
    expect(expected(await scene.ana.queue('?limit=200'), 200).items.some((o) => o.operationId === pending.operationId)).toBe(false);
    expect(expected(await scene.admin.lists('?state=expired'), 200).items.map((o) => o.operationId)).toEqual(expect.arrayContaining([pending.operationId, open.operationId]));
  });
  it('opens it at notBefore, not earlier', async () => {
    const opens = Date.now() + 1_200;
    const operation = await scene.orderer.operation({ 'fw-dev': 1 }, { notBefore: new Date(opens).toISOString(), validMs: 10_000 });
    expect(operation).toMatchObject({ state: 'approved', notBefore: new Date(opens).toISOString(), expiresAt: new Date(opens + 10_000).toISOString() });
    expect((await scene.orderer.orders(operation, { keyId: 'fw-dev', data: b64('x') })).said).toBe('409 OPERATION_NOT_YET_VALID');
    await sleep(Math.max(0, opens - Date.now()) + 5);
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw-dev', data: b64('x') }))).state).toBe('completed');
  });
  it('may have opened it in the past, at any offset, as long as it is not over', async () => {
    const opened = Date.now() - 3_600_000;
    const local = `${new Date(opened + 2 * 3_600_000).toISOString().slice(0, -1)}+02:00`;
    const operation = await scene.orderer.operation({ 'fw-dev': 1 }, { notBefore: local, validMs: 3_660_000 });
    expect(operation).toMatchObject({ notBefore: new Date(opened).toISOString(), expiresAt: new Date(opened + 3_660_000).toISOString() });
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw-dev', data: b64('x') }))).state).toBe('completed');
    expect((await scene.orderer.requests({ 'fw-dev': 1 }, { notBefore: local, validMs: 3_599_000 })).said).toBe('422 VALIDATION_FAILED');
  });
});

describe('a binding', () => {
  it('lets nothing else be signed, by any of the keys', async () => {
    await scene.key('ed', 'EdDSA');
    await scene.key('es384', 'ES384');
    const [artefact, other] = [Buffer.from('the artefact'), Buffer.from('another')];
    const hash = (algorithm: string, data: Buffer): string => createHash(hashOfAlgorithm(algorithm)).update(data).digest('base64');
    const operation = await scene.orderer.operation({ 'fw-dev': 5, ed: 5, es384: 5 }, { binding: { digests: [hash('ES256', artefact), hash('ES384', artefact)] } });
    expect(operation.binding).toEqual({ digests: [hash('ES256', artefact), hash('ES384', artefact)] });
    const data = (keyId: string, bytes: Buffer) => scene.orderer.orders(operation, { keyId, data: bytes.toString('base64') });
    for (const keyId of ['fw-dev', 'ed', 'es384']) {
      expect((await data(keyId, other)).said).toBe('409 DIGEST_NOT_BOUND');
      expect((await scene.ended(await data(keyId, artefact))).state).toBe('completed');
    }
    const digests = [hash('ES256', artefact), hash('ES256', other)];
    expect((await scene.orderer.orders(operation, { keyId: 'fw-dev', digests, digestAlgorithm: 'SHA-256' })).said).toBe('409 DIGEST_NOT_BOUND');
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'es384', digests: [hash('ES384', artefact)], digestAlgorithm: 'SHA-384' }))).state).toBe('completed');
    expect(expected(await scene.orderer.reads(operation), 200).keyUsages.map((u) => u.usedCount)).toEqual([1, 1, 2]);
  });
});

describe('keys', () => {
  it('take a new policy for new operations, and honour one that was tightened at use', async () => {
    await scene.key('changing');
    const before = await scene.orderer.operation({ changing: 2 });
    const changed = await scene.admin.setsPolicy('changing', ofFirmware(1));
    expect(expected(changed, 200)).toMatchObject({ keyId: 'changing', approvalPolicy: { ...ofFirmware(1), role: 'approver' } });
    expect(changed.headers.get('etag')).toBe(`"${changed.body.revision}"`);
    expect(expected(await scene.admin.setsPolicy('changing', ofFirmware(1)), 200).revision).toBe(changed.body.revision);
    const after = await scene.orderer.operation({ changing: 1 });
    expect([before.state, after.state]).toEqual(['approved', 'pending']);
    expect((await scene.orderer.orders(before, { keyId: 'changing', data: b64('x') })).said).toBe('409 OPERATION_NOT_APPROVED');
    expected(await scene.admin.setsPolicy('changing', NONE), 200);
    expect((await scene.ended(await scene.orderer.orders(before, { keyId: 'changing', data: b64('x') }))).state).toBe('completed');
    expect(expected(await scene.orderer.reads(after), 200).state).toBe('pending');
    expect(expected(await scene.ana.approves(after), 201).state).toBe('approved');
  });

  it('sign nothing while they are disabled, whatever was approved', async () => {
    await scene.key('switched');
    const operation = await scene.orderer.operation({ switched: 3, 'fw-dev': 1 });
    const disabled = expected(await scene.admin.disables('switched', 'a laptop was stolen'), 200);
    expect(disabled).toMatchObject({ status: 'disabled', inFlight: [] });
    expect(expected(await scene.admin.disables('switched', 'once more'), 200)).toEqual(disabled);
    expect((await scene.orderer.orders(operation, { keyId: 'switched', data: b64('x') })).said).toBe('409 KEY_DISABLED');
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw-dev', data: b64('x') }))).state).toBe('completed');
    expect((await scene.orderer.requests({ 'fw-dev': 1, switched: 1 })).said).toBe('409 KEY_DISABLED');
    const enabled = expected(await scene.admin.enables('switched'), 200);
    expect(enabled).toMatchObject({ status: 'enabled', revision: disabled.revision + 1 });
    expect(expected(await scene.admin.enables('switched'), 200)).toEqual(enabled);
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'switched', data: b64('x') }))).state).toBe('completed');
  });

  it('are listed and read by everybody with a role', async () => {
    const found: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = expected(await eventually(() => scene.orderer.get<{ readonly items: readonly KeyBody[]; readonly nextCursor?: string }>(`/v1/keys?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}`), (r) => r.body.items.length > 0), 200);
      found.push(...page.items.map((k) => k.keyId));
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(found).toEqual([...new Set(found)].sort());
    expect(found).toEqual(expect.arrayContaining(['fw-dev', 'fw-prod']));
    expect(expected(await scene.auditor.get<KeyBody>('/v1/keys/fw-prod'), 200)).toEqual(prod);
    expect((await scene.as('stranger', ['visitor']).get('/v1/keys')).said).toBe('403 ROLE_REQUIRED');
  });

  it('are adopted from the token, once, when they are sensitive and not extractable', async () => {
    const { token } = scene.service;
    const tool = (...args: readonly string[]): string =>
      execFileSync('pkcs11-tool', ['--module', token.module, '--token-label', token.label, '--login', '--pin', token.pin, ...args], { env: { ...process.env, ...token.env }, encoding: 'utf8', stdio: 'pipe', timeout: 20_000 });
    tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'theirs', '--id', '0a01');
    tool('--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'loose', '--id', '0a02', '--extractable');
    tool('--keypairgen', '--key-type', 'rsa:2048', '--label', 'rsa', '--id', '0a03');
    const adopts = (keyId: string, pkcs11: unknown, algorithm = 'ES256') => scene.admin.registers({ keyId, purpose: 'document', algorithm, approvalPolicy: NONE, pkcs11 });
    const adopted = expected(await adopts('adopted', { label: 'theirs', idHex: '0A01' }), 201);
    expect(adopted.status).toBe('enabled');
    const operation = await scene.orderer.operation({ adopted: 1 });
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'adopted', data: b64('x') }));
    expect(opensslVerifies({ publicKeyPem: adopted.publicKeyPem, algorithm: 'ES256', data: Buffer.from('x'), signature: order.signatures?.[0] })).toBe(true);
    expect((await adopts('twice', { idHex: '0a01' })).said).toBe('409 KEY_EXISTS');
    expect((await adopts('adopted', { label: 'theirs' })).said).toBe('409 KEY_EXISTS');
    expect((await adopts('loose', { label: 'loose' })).said).toBe('422 VALIDATION_FAILED');
    expect((await adopts('kind', { label: 'rsa' })).said).toBe('422 VALIDATION_FAILED');
    expect((await adopts('missing', { label: 'nowhere' })).said).toBe('422 PKCS11_KEY_NOT_FOUND');
    expect((await scene.admin.get('/v1/keys/missing')).said).toBe('404 KEY_NOT_FOUND');
    // What came to nothing leaves its keyId free.
    expect(expected(await adopts('kind', { label: 'rsa' }, 'PS256'), 201).algorithm).toBe('PS256');
    // A key that the service made is in the token too, and has its keyId already.
    const made = /label:\s+fw-dev\n\s+ID:\s+([0-9a-f]+)/.exec(tool('--list-objects', '--type', 'privkey'))?.[1];
    if (made !== undefined) expect((await adopts('stolen', { idHex: made })).said).toBe('409 KEY_EXISTS');
    const access = [...tool('--list-objects', '--type', 'privkey').matchAll(/label:\s+(\S+)\n(?:.*\n)*?\s+Access:\s+(.*)/g)].filter(([, label]) => label !== 'loose');
    expect(access.length).toBeGreaterThan(2);
    for (const [, , flags] of access) expect(flags).toMatch(/^sensitive, always sensitive, never extractable, local$/);
  });
});

describe('who may ask', () => {
  it('is said by the key’s requesters', async () => {
    await scene.key('for-group', 'ES256', NONE, { requesters: { group: 'builders' } });
    await scene.key('for-both', 'ES256', NONE, { requesters: { group: 'builders', role: 'approver' } });
    const builder = scene.as('builder', ['orderer'], { groups: ['builders'] });
    expect((await scene.orderer.requests({ 'for-group': 1 })).said).toBe('403 KEY_NOT_ALLOWED');
    expect((await scene.orderer.requests({ 'fw-dev': 1, 'for-group': 1 })).said).toBe('403 KEY_NOT_ALLOWED');
    expect((await builder.requests({ 'for-group': 1 })).said).toBe('201');
    expect((await builder.requests({ 'for-both': 1 })).said).toBe('403 KEY_NOT_ALLOWED');
    expect((await scene.as('lead', ['orderer', 'approver'], { groups: ['builders'] }).requests({ 'for-both': 1 })).said).toBe('201');
    expect(expected(await scene.orderer.get<KeyBody>('/v1/keys/for-both'), 200).requesters).toEqual({ group: 'builders', role: 'approver' });
  });

  it('is said by rules over claims, with globs', async () => {
    const pipeline = (claims: Readonly<Record<string, unknown>>) => scene.as('pipeline', [], claims);
    expect((await pipeline({ repository: 'acme/firmware', ref: 'refs/tags/v1' }).requests({ 'fw-dev': 1 })).said).toBe('201');
    for (const claims of [{ repository: 'acme/firmware', ref: 'refs/heads/main' }, { repository: 'acme/firmware2', ref: 'refs/tags/v1' }, { repository: 'acme/firmware' }, {}])
      expect((await pipeline(claims).requests({ 'fw-dev': 1 })).said).toBe('403 ROLE_REQUIRED');
  });

  it('reads what others asked for only with a role that sees all, or when a policy names him', async () => {
    const operation = await scene.orderer.operation({ 'fw-prod': 1 });
    const other = scene.as('orderer-2', ['orderer']);
    for (const refused of [await other.reads(operation), await other.listsOrders(operation), await other.trail(operation), await other.get(`/v1/operations/${operation.operationId}/sign-orders/${operation.operationId}`)])
      expect(refused.said).toBe('403 NOT_YOUR_OPERATION');
    for (const reader of [scene.orderer, scene.ana, scene.approver('dan', 'x'), scene.admin, scene.auditor]) expect((await reader.reads(operation)).said).toBe('200');
    expect((await other.orders(operation, { keyId: 'fw-prod', data: b64('x') })).said).toBe('403 NOT_YOUR_OPERATION');
    expect((await scene.admin.orders(operation, { keyId: 'fw-prod', data: b64('x') })).said).toBe('403 ROLE_REQUIRED');
  });
});
