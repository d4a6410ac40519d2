import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signJws } from '#identity/adapters/proofs/sign-jws.js';
import { actStatement, canonicalDigest } from '#identity/contract.js';
import { genesisDigest, UNVERIFIED, verifyChain } from '#administration/contract.js';
import { CredentialProofVerifier } from '#identity/adapters/proofs/credential-proof-verifier.js';
import type { OperationView } from '#operations/application/operation-view.js';
import { newKeyPair } from '#test/fixtures/key-pair.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Answer, Person } from './person.js';
import { NONE, ofFirmware, Scene } from './scene.js';

type Proposed = { readonly operationId: string };
const DIGEST = createHash('sha256').update('release').digest('base64');
const POLICY = { type: 'approvers', count: 1, group: 'firmware-approvers' };

/** Approved by these, and in force: the control plane has its act. */
async function inForce(scene: Scene, answer: Answer<unknown>, ...by: readonly ((operation: OperationView) => Promise<Answer<OperationView>>)[]): Promise<void> {
  const before = await revision(scene);
  const operation = expected(await scene.admin.reads(expected(answer as Answer<Proposed>, 202)), 200);
  for (const approves of by) expected(await approves(operation), 201);
  await eventually(() => revision(scene), (now) => now > before);
}
const revision = async (scene: Scene): Promise<number> => Number(expected(await scene.admin.get<{ readonly head: string | null; readonly revision: number }>('/v1/control-plane'), 200).head === null ? -1 : expected(await scene.admin.get<{ readonly revision: number }>('/v1/control-plane'), 200).revision);

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
  const others = () => [scene.admin2.approves, admin3.approves] as const;

  it('a change is an operation that two others approve, and never its proposer', async () => {
    const answer = await scene.admin.post<Proposed>('/v1/policies', { name: 'one', policy: POLICY }, { key: 'publish' });
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/v1/operations/${answer.body.operationId}`]);
    const operation = expected(await scene.admin.reads(answer.body), 200);
    expect(operation).toMatchObject({ state: 'pending', keyUsages: [], description: 'Publish the policy one', grants: [{ action: 'administer', resource: 'POST /v1/policies', approval: { met: false, missing: 2 } }] });
    expect(JSON.parse(operation.requestStatement)).toMatchObject({ grants: [{ act: { method: 'POST', path: '/v1/policies', body: { name: 'one', policy: POLICY } } }] });
    expect((await scene.admin.approves(operation)).said).toBe('403 SELF_APPROVAL');
    expected(await scene.admin2.approves(operation), 201);
    expect((await scene.admin.get('/v1/policies/one')).said).toBe('404 POLICY_NOT_FOUND');
    await inForce(scene, answer, admin3.approves);
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

/** An administrator with a key, who signs what he does. */
class Signing {
  readonly credentialId: string;
  readonly publicJwk;
  private readonly privateKey;
  constructor(readonly person: Person, subject: string) {
    this.credentialId = `${subject}-key`;
    ({ privateKey: this.privateKey, publicJwk: this.publicJwk } = newKeyPair('ES256'));
  }
  async acts<T = Proposed>(method: string, path: string, body: unknown, { session = null, previous }: { readonly session?: string | null; readonly previous?: string | null } = {}): Promise<Answer<T>> {
    const { head } = expected(await this.person.get<{ readonly head: string | null }>('/v1/control-plane'), 200);
    const statement = actStatement({ method, path, bodyDigest: canonicalDigest(body), session, previous: previous === undefined ? head : previous });
    return this.person.send<T>(method, path, body, { headers: { 'countersign-proof': signJws(statement, this.credentialId, this.privateKey) } });
  }
  approves = async (operation: OperationView): Promise<Answer<OperationView>> => {
    const { challengeId, statement } = expected(await this.person.challenged(operation, { decision: 'approve' }), 201);
    return this.person.approves(operation, { proof: { type: 'jws', challengeId, jws: signJws(statement, this.credentialId, this.privateKey) } });
  };
}

describe('rule 22: with a genesis', () => {
  let scene: Scene;
  let digest: string;
  const keys = new Map(['admin-1', 'admin-2', 'admin-3', 'admin-4'].map((subject) => [subject, newKeyPair('ES256')]));
  const signing = (subject: string): Signing => Object.assign(new Signing(scene.as(subject, ['administrator']), subject), keys.get(subject));
  beforeAll(async () => {
    scene = await Scene.open({}, ({ base, dir, issuer }) => {
      const account = (subject: string) => ({ issuer: issuer.url, subject });
      const document = {
        type: 'countersign/genesis/v1', deployment: 'dual-control', createdAt: '2026-11-20T10:00:00.000Z', rpId: '127.0.0.1', origin: base, minimumProof: 'signature', quorum: 2, administrators: [...keys.keys()].map(account),
        credentials: [...keys].map(([subject, { publicJwk }]) => ({ credentialId: `${subject}-key`, owner: account(subject), label: subject, key: { type: 'jwk', publicJwk } })), people: [], rosters: [{ group: 'firmware-approvers', members: [account('ana'), account('ben')] }],
        policies: [{ name: 'signed', policy: { tree: ofFirmware(2), requiredProof: 'signature', allowUnprovenOrders: true } }], levels: [], separation: { exclusive: [], mutualWithinDays: 0 },
        issuers: [{ issuer: issuer.url, audience: 'countersign', jwksUri: `${issuer.url}/jwks` }],
        keys: [{ keyId: 'evidence', purpose: 'evidence', algorithm: 'ES256', approvalPolicy: NONE }, { keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', approvalPolicy: { ref: 'signed' } }],
      };
      const file = join(dir, 'genesis.json');
      writeFileSync(file, JSON.stringify(document));
      digest = genesisDigest(document);
      return { genesis: { file, digest }, identity: { issuers: [] } };
    });
  });
  afterAll(() => scene.close());
  /** Until the signer has made the pair, and bound it. */
  beforeEach(async () => {
    await made(scene, 'fw');
    await eventually(async () => expected(await scene.auditor.audit('?limit=200&type=administration.key-bound.v1'), 200).items, (items) => items.length === 2, 10_000);
  });

  it('every change is signed by its proposer and by two others; what takes power away needs a token', async () => {
    const [one, two, three] = [signing('admin-1'), signing('admin-2'), signing('admin-3')];
    const roster = { members: [{ issuer: scene.service.issuer.url, subject: 'ana' }, { issuer: scene.service.issuer.url, subject: 'ben' }, { issuer: scene.service.issuer.url, subject: 'cleo' }] };
    expect((await scene.admin.send('PUT', '/v1/roster/firmware-approvers', roster)).said).toBe('403 PROOF_REQUIRED');
    expect((await one.acts('PUT', '/v1/roster/firmware-approvers', roster, { previous: canonicalDigest('other') })).said).toBe('409 CONTROL_PLANE_MOVED');
    const proposed = await one.acts('PUT', '/v1/roster/firmware-approvers', roster);
    const operation = expected(await scene.admin.reads(expected(proposed, 202)), 200);
    expect((await two.person.approves(operation)).said).toBe('403 PROOF_REQUIRED');
    const mallory = scene.as('mallory', ['administrator']);
    expect((await mallory.challenged(operation, { decision: 'approve' })).said).toBe('403 NOT_ELIGIBLE');
    expect((await mallory.rejects(operation)).said).toBe('403 NOT_ELIGIBLE');
    expect(expected(await mallory.queue(), 200).items).toEqual([]);
    await inForce(scene, proposed, two.approves, three.approves);
    expect(expected(await scene.auditor.get('/v1/roster/firmware-approvers'), 200)).toEqual({ group: 'firmware-approvers', ...roster });
    expect((await scene.as('mallory', ['administrator']).post('/v1/keys/fw/disable', { reason: 'x' }, {})).said).toBe('403 ROLE_REQUIRED');
    expect(expected(await scene.as('admin-4', ['administrator']).post<{ readonly status: string }>('/v1/credentials/admin-4-key/suspend', { reason: 'lost' }), 200).status).toBe('suspended');
    expect((await scene.as('admin-2', ['administrator']).post('/v1/credentials/admin-3-key/revoke', { reason: 'x' })).said).toBe('409 QUORUM_TOO_SMALL');
  });

  it('approvers whose credentials administrators confirmed have the signer sign', async () => {
    const [two, three] = [signing('admin-2'), signing('admin-3')];
    const approver = async (person: Person, subject: string): Promise<Signing> => {
      const own = new Signing(person, subject);
      const proposed = await person.post<Proposed & { readonly credentialId: string }>('/v1/credentials', { type: 'jwk', publicJwk: own.publicJwk, label: 'card' });
      await inForce(scene, proposed, two.approves, three.approves);
      return Object.assign(own, { credentialId: proposed.body.credentialId });
    };
    const [ana, ben] = [await approver(scene.ana, 'ana'), await approver(scene.ben, 'ben')];
    const operation = await scene.orderer.operation({ fw: 1 }, { binding: { digests: [DIGEST] } });
    for (const one of [ana, ben]) expected(await one.approves(operation), 201);
    const order = await scene.ended(await scene.orderer.orders(operation, { keyId: 'fw', digests: [DIGEST], digestAlgorithm: 'SHA-256' }));
    expect([order.state, order.failure]).toEqual(['completed', undefined]);
  });

  it('the chain verifies by itself, from what the audit trail shows', async () => {
    const events = await eventually(async () => expected(await scene.auditor.audit('?limit=200'), 200).items.filter((e) => e.stream === 'controlPlane-dual-control').reverse(), (items) => items.length === 7);
    const chain = await verifyChain(events.map(({ type, data, revision: at }) => ({ type, data, revision: Number(at) })), { digest, deployment: 'dual-control', verifier: new CredentialProofVerifier(), firstSeenAt: () => undefined });
    expect(chain).toMatchObject({ faults: [], uncounted: [], revision: 6 });
    expect(chain.state.credentials.get('admin-4-key')).toMatchObject({ status: 'suspended' });
    expect((await verifyChain(events.slice(1).map(({ type, data, revision: at }) => ({ type, data, revision: Number(at) })), { digest, deployment: null, verifier: new CredentialProofVerifier(), firstSeenAt: () => undefined }, UNVERIFIED)).faults).toMatchObject([{ code: 'GAP' }]);
  });
});
