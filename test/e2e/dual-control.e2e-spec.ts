import { createHash } from 'node:crypto';
import { UNVERIFIED, verifyChain } from '#administration/contract.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import { canonicalDigest } from '#identity/contract.js';
import { startIssuer } from '#test/system/issuer.js';
import { eventually } from '#test/system/steps.js';
import { Signatory } from './approver.js';
import type { Proposed } from './approver.js';
import { Founded, inForce } from './founded.js';
import { expected } from './person.js';
import type { Person } from './person.js';
import { NONE, ofFirmware, Scene } from './scene.js';

const DIGEST = createHash('sha256').update('release').digest('base64');
const POLICY = { type: 'approvers', count: 1, group: 'firmware-approvers' };

/** Until the signer has made the pair. */
async function made(scene: Scene, keyId: string): Promise<void> {
  await eventually(() => scene.admin.get<{ readonly status: string }>(`/v1/keys/${keyId}`), ({ body }) => body.status === 'enabled', 20_000);
}

describe('a quorum of two, by configuration', () => {
  let scene: Scene;
  let admin3: Person;
  beforeAll(async () => {
    scene = await Scene.open({ config: { administration: { quorum: 2 } } });
    admin3 = scene.as('admin-3', ['administrator']);
  });
  afterAll(() => scene.close());
  const others = () => [scene.admin2, admin3] as const;

  it('a change is an operation that two others approve, and never its proposer', async () => {
    const answer = await scene.admin.post<Proposed>('/v1/policies', { name: 'one', policy: POLICY }, { key: 'publish' });
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/operations/${answer.body.operationId}`]);
    const operation = expected(await scene.admin.reads(answer.body), 200);
    expect(operation).toMatchObject({ state: 'pending', keyUsages: [], description: 'Publish the policy one', grants: [{ action: 'administer', resource: 'POST /v1/policies', approval: { met: false, missing: 2 } }] });
    expect(JSON.parse(operation.requestStatement)).toMatchObject({ grants: [{ act: { method: 'POST', path: '/v1/policies', body: { name: 'one', policy: POLICY } } }] });
    expect((await scene.admin.approves(operation)).said).toBe('403 SELF_APPROVAL');
    expected(await scene.admin2.approves(operation), 201);
    expect((await scene.admin.get('/v1/policies/one')).said).toBe('404 POLICY_NOT_FOUND');
    await inForce(scene, answer, admin3);
    expect(expected(await scene.admin.get<{ readonly version: number }>('/v1/policies/one'), 200).version).toBe(1);
    // Sent again, it is the same operation, and done once.
    expect((await scene.admin.post<Proposed>('/v1/policies', { name: 'one', policy: POLICY }, { key: 'publish' })).body).toEqual(answer.body);
    expect((await scene.admin.get('/v1/policies/one/versions/2')).said).toBe('404 POLICY_NOT_FOUND');
  });

  it('what was rejected never is in force', async () => {
    const answer = await scene.admin.send<Proposed>('PUT', '/v1/assurance-levels/L2', { policy: NONE });
    const operation = expected(await scene.admin.reads(expected(answer, 202)), 200);
    expected(await scene.admin2.approves(operation), 201);
    expect(expected(await admin3.rejects(operation), 201).state).toBe('rejected');
    expect(expected(await scene.admin.get<{ readonly items: readonly { readonly set: boolean }[] }>('/v1/assurance-levels'), 200).items.some((one) => one.set)).toBe(false);
  });

  it('keys too are registered, changed and enabled by two others, and disabled at once', async () => {
    const registration = { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'one' } };
    await inForce(scene, await scene.admin.registers(registration), ...others());
    await made(scene, 'fw');
    const key = async () => expected(await scene.admin.get<{ readonly status: string; readonly approvalPolicy: unknown }>('/v1/keys/fw'), 200);
    expect((await scene.admin.registers(registration)).said).toBe('409 KEY_EXISTS');
    await inForce(scene, await scene.admin.setsPolicy('fw', ofFirmware(1)), ...others());
    await eventually(key, ({ approvalPolicy }) => JSON.stringify(approvalPolicy).includes('firmware-approvers'));
    expect(expected(await scene.admin2.disables('fw'), 200).status).toBe('disabled');
    await inForce(scene, await scene.admin.enables('fw'), ...others());
    await eventually(key, ({ status }) => status === 'enabled');
    const operation = await scene.orderer.operation({ fw: 1 });
    expected(await scene.ana.approves(operation), 201);
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }))).state).toBe('completed');
  });

  it('in a session its opener changes what it names, and nothing that weakens', async () => {
    const grants = [{ action: 'administer', resource: 'POST /v1/policies' }];
    const opened = await scene.admin.post<Proposed>('/v1/administration-sessions', { purpose: 'policies of the year', validMs: 600_000, grants });
    await inForce(scene, opened, ...others());
    expect(expected(await scene.auditor.get('/v1/administration-sessions'), 200)).toMatchObject({ items: [{ sessionId: opened.body.operationId, state: 'open', openedBy: { subject: 'admin-1' } }] });
    expect((await scene.admin.post('/v1/policies', { name: 'two', policy: ofFirmware(2) })).said).toBe('201');
    expect((await scene.admin.post('/v1/policies', { name: 'two', policy: NONE })).said).toBe('202');
    expect((await scene.admin2.post('/v1/policies', { name: 'three', policy: NONE })).said).toBe('202');
    expect((await scene.admin.send('PUT', '/v1/roster/fw', { members: [] })).said).toBe('202');
    expect(expected(await scene.admin2.post(`/v1/administration-sessions/${opened.body.operationId}/close`, undefined), 200)).toMatchObject({ state: 'closed' });
    expect((await scene.admin.post('/v1/policies', { name: 'four', policy: NONE })).said).toBe('202');
  });

  it('what could not be done is not proposed', async () => {
    expect((await scene.admin.send('PUT', '/v1/people/nobody', { status: 'suspended' })).said).toBe('404 NOT_FOUND');
    expect((await scene.admin.send('PUT', '/v1/quorum', { quorum: 3 })).said).toBe('409 GENESIS_REQUIRED');
    expect((await scene.admin.post('/v1/administration-sessions', { purpose: 'p', validMs: 86_400_000, grants: [{ action: 'sign', resource: 'fw', maxUsageCount: 1 }] })).said).toBe('422 VALIDATION_FAILED');
  });
});

describe('rule 22: with a genesis', () => {
  let founded: Founded;
  let scene: Scene;
  const signed = { requiredProof: 'signature', allowUnprovenOrders: true, tree: ofFirmware(2) };
  beforeAll(async () => {
    founded = await Founded.open({ rosters: { 'firmware-approvers': ['ana', 'ben'] }, keys: { fw: { ref: 'signed' } }, over: () => ({ policies: [{ name: 'signed', policy: signed }] }) });
    ({ scene } = founded);
  });
  afterAll(() => founded.close());
  const administrators = () => ['admin-1', 'admin-2', 'admin-3', 'admin-4'].map(founded.administrator) as [Signatory, Signatory, Signatory, Signatory];
  let approvers: readonly Signatory[];

  it('every change is signed by its proposer and by two others; what takes power away needs a token', async () => {
    const [one, two, three] = administrators();
    const roster = { members: ['ana', 'ben', 'cleo'].map(founded.account) };
    expect((await scene.admin.send('PUT', '/v1/roster/firmware-approvers', roster)).said).toBe('403 PROOF_REQUIRED');
    expect((await one.acts('PUT', '/v1/roster/firmware-approvers', roster, { previous: canonicalDigest('other') })).said).toBe('409 CONTROL_PLANE_MOVED');
    const proposed = await one.acts('PUT', '/v1/roster/firmware-approvers', roster);
    const operation = expected(await scene.admin.reads(expected(proposed, 202)), 200);
    expect((await two.person.approves(operation)).said).toBe('403 PROOF_REQUIRED');
    const mallory = scene.as('mallory', ['administrator']);
    expect((await mallory.challenged(operation, { decision: 'approve' })).said).toBe('403 NOT_ELIGIBLE');
    expect((await mallory.rejects(operation)).said).toBe('403 NOT_ELIGIBLE');
    expect(expected(await mallory.queue(), 200).items).toEqual([]);
    await founded.inForce(proposed, two, three);
    expect(expected(await scene.auditor.get('/v1/roster/firmware-approvers'), 200)).toEqual({ group: 'firmware-approvers', ...roster });
    expect((await mallory.post('/v1/keys/fw/disable', { reason: 'x' }, {})).said).toBe('403 ROLE_REQUIRED');
    expect(expected(await scene.as('admin-4', ['administrator']).post<{ readonly status: string }>('/v1/credentials/admin-4-key/suspend', { reason: 'lost' }), 200).status).toBe('suspended');
    expect((await scene.as('admin-2', ['administrator']).post('/v1/credentials/admin-3-key/revoke', { reason: 'x' })).said).toBe('409 QUORUM_TOO_SMALL');
  });

  it('approvers whose credentials administrators confirmed have the signer sign', async () => {
    const confirmedBy = administrators().slice(1, 3);
    approvers = [await Signatory.enrolled(scene.ana, confirmedBy), await Signatory.enrolled(scene.ben, confirmedBy)];
    const operation = await scene.orderer.operation({ fw: 1 }, { binding: { digests: [DIGEST] } });
    for (const one of approvers) expected(await one.approves(operation), 201);
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }));
    expect([order.state, order.failure]).toEqual(['completed', undefined]);
  });

  it('a root key signs in a session that names it alone, under a policy of its own, as often as both say', async () => {
    const [one, two, three] = administrators();
    const { revision: before } = await founded.controlPlane();
    await founded.inForce(await one.acts('POST', '/v1/keys', { keyId: 'root', purpose: 'root', algorithm: 'ES256', approvalPolicy: { ref: 'signed' } }), two, three);
    await made(scene, 'root');
    // Permitted, and bound to its pair.
    await eventually(founded.controlPlane, ({ revision }) => revision === before + 2);
    const operation = await scene.orderer.operation({ root: 3 });
    for (const approver of approvers) expected(await approver.approves(operation), 201);
    const orders = (key: string) => scene.orderer.orders(operation, { keyId: 'root', digests: [DIGEST], digestAlgorithm: 'SHA-256' }, { key });
    expect((await orders('before')).said).toBe('403 SESSION_REQUIRED');
    const grants = [{ action: 'sign', resource: 'root', maxUsageCount: 1 }, { action: 'administer', resource: 'POST /v1/policies' }];
    const opened = await one.acts('POST', '/v1/administration-sessions', { purpose: 'the roots of the year', validMs: 600_000, grants });
    const session = opened.body.operationId;
    expected(await two.approves(expected(await scene.admin.reads(opened.body), 200)), 201);
    expect((await orders('half open')).said).toBe('403 SESSION_REQUIRED');
    await founded.inForce(opened, three);
    const first = await scene.ended(await orders('in it'));
    expect([first.state, first.signatures?.length, first.blockers]).toEqual(['completed', 1, undefined]);
    expect(await scene.ended(await orders('once too often'))).toMatchObject({ state: 'halted', usesConsumed: 0 });
    // Used by who opened it, for what it names, and for nothing that weakens.
    const stronger = { name: 'stronger', policy: ofFirmware(3) };
    expect((await two.acts('POST', '/v1/policies', stronger, { session })).said).toBe('403 SESSION_REQUIRED');
    expect((await one.acts('PUT', '/v1/separation', { exclusive: [], mutualWithinDays: 1 }, { session })).said).toBe('403 SESSION_REQUIRED');
    expect((await one.acts('POST', '/v1/policies', { name: 'signed', policy: ofFirmware(1) }, { session })).said).toBe('403 SESSION_REQUIRED');
    expect((await one.acts('POST', '/v1/policies', stronger, { session })).said).toBe('201');
    expected(await scene.as('admin-3', ['administrator']).post(`/v1/administration-sessions/${session}/close`, undefined), 200);
    expect((await orders('after')).said).toBe('403 SESSION_REQUIRED');
    expect((await one.acts('POST', '/v1/policies', stronger, { session })).said).toBe('403 SESSION_REQUIRED');
    // Sent again, it is the order that it was.
    expect(expected(await orders('in it'), 201)).toMatchObject({ signOrderId: first.signOrderId, state: 'completed', signatures: first.signatures });
  });

  it('issuers are believed from when others approved them, and no longer than that', async () => {
    const [one, two, three] = administrators();
    const partner = await startIssuer('partner-audience');
    try {
      const stranger = () => scene.as('sam', ['orderer'], {}, partner);
      const own = expected(await scene.auditor.get<{ readonly issuers: readonly object[] }>('/v1/issuers'), 200).issuers;
      const issuers = [...own, { issuer: partner.url, audience: 'partner-audience' }];
      const knows = async (): Promise<string> => (await stranger().get('/v1/keys')).said;
      expect(await knows()).toBe('401 UNAUTHENTICATED');
      const proposed = await one.acts('PUT', '/v1/issuers', { issuers });
      expected(await two.approves(expected(await scene.admin.reads(expected(proposed, 202)), 200)), 201);
      expect(await knows()).toBe('401 UNAUTHENTICATED');
      await founded.inForce(proposed, three);
      expect(await eventually(knows, (said) => said === '200')).toBe('200');
      const operation = await stranger().operation({ fw: 1 }, { binding: { digests: [DIGEST] } });
      for (const approver of approvers) expected(await approver.approves(operation), 201);
      expect(await scene.ended(await stranger().orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }), stranger())).toMatchObject({ state: 'completed' });
      await founded.inForce(await one.acts('PUT', '/v1/issuers', { issuers: own }), two, three);
      expect(await eventually(knows, (said) => said !== '200')).toBe('401 UNAUTHENTICATED');
    } finally {
      await partner.close();
    }
  });

  it('a quorum is set by as many as it was, and asked for from then on, also of what was proposed before', async () => {
    const [one, two, three, four] = administrators();
    expect((await one.acts('PUT', '/v1/quorum', { quorum: 3 })).said).toBe('409 QUORUM_TOO_SMALL');
    await founded.inForce(await one.acts('POST', '/v1/credentials/admin-4-key/resume', { reason: 'found' }), two, three);
    const earlier = await one.acts('PUT', '/v1/separation', { exclusive: [['firmware-approvers', 'builders']], mutualWithinDays: 0 });
    await founded.inForce(await one.acts('PUT', '/v1/quorum', { quorum: 3 }), two, three);
    expect(await founded.controlPlane()).toMatchObject({ quorum: 3 });
    // Approved by two, who were enough when it was asked for: told as refused.
    await founded.inForce(earlier, two, three);
    const separation = async () => expected(await scene.auditor.get<{ readonly exclusive: readonly unknown[] }>('/v1/separation'), 200).exclusive;
    expect(await separation()).toEqual([]);
    expect(expected(await scene.auditor.audit('?type=administration.act-refused.v1'), 200).items).toMatchObject([{ data: { operationId: earlier.body.operationId, code: 'OPERATION_NOT_APPROVED' } }]);
    const lower = await one.acts('PUT', '/v1/quorum', { quorum: 2 });
    expect(expected(await scene.admin.reads(expected(lower, 202)), 200)).toMatchObject({ grants: [{ approval: { missing: 3 } }] });
    await founded.inForce(lower, two, three, four);
    expect(await founded.controlPlane()).toMatchObject({ quorum: 2 });
    expect((await one.acts('PUT', '/v1/quorum', { quorum: 4 })).said).toBe('409 QUORUM_TOO_SMALL');
  });

  it('the chain verifies by itself, from what the audit trail shows', async () => {
    const { revision } = await founded.controlPlane();
    const events = await eventually(async () => expected(await scene.auditor.audit('?limit=200'), 200).items.filter((e) => e.stream === 'controlPlane-founded').reverse(), (items) => items.length === revision + 1);
    const { digest } = founded;
    const chain = await verifyChain(events.map(({ type, data, revision: at }) => ({ type, data, revision: Number(at) })), { digest, deployment: 'founded', verifier: new CredentialProofVerifier(), firstSeenAt: () => undefined });
    expect(chain).toMatchObject({ faults: [], uncounted: [], revision });
    expect(chain.state.credentials.get('admin-4-key')).toMatchObject({ status: 'active' });
    expect((await verifyChain(events.slice(1).map(({ type, data, revision: at }) => ({ type, data, revision: Number(at) })), { digest, deployment: null, verifier: new CredentialProofVerifier(), firstSeenAt: () => undefined }, UNVERIFIED)).faults).toMatchObject([{ code: 'GAP' }]);
  });
});
