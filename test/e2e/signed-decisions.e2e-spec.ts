import { createHash } from 'node:crypto';
import { eventually } from '#test/system/steps.js';
import { Signatory } from './approver.js';
import { expected } from './person.js';
import { NONE, Scene, ofFirmware } from './scene.js';

const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64');
const SIGNED = { tree: ofFirmware(2), requiredProof: 'signature' } as const;

let scene: Scene;
let ana: Signatory;
let ben: Signatory;
let orderer: Signatory;
beforeAll(async () => {
  scene = await Scene.open();
  await scene.key('free', 'ES256', NONE);
  await scene.key('signed', 'ES256', SIGNED);
  ana = await Signatory.enrolled(scene.ana, [scene.admin]);
  ben = await Signatory.enrolled(scene.ben, [scene.admin], 'EdDSA');
  orderer = await Signatory.enrolled(scene.orderer, [scene.admin]);
});
afterAll(() => scene.close());

const bound = (text: string) => scene.orderer.operation({ signed: 1 }, { binding: { digests: [digestOf(text)] } });
const orders = (operation: Awaited<ReturnType<typeof bound>>, text: string) => scene.orderer.orders(operation, { keyId: 'signed', digests: [digestOf(text)], digestAlgorithm: 'SHA-256' });

describe('a credential', () => {
  it('is confirmed by administrators other than its owner', async () => {
    const both = scene.as('admin-approver', ['administrator', 'approver'], { groups: ['firmware-approvers'] });
    const proposed = expected(await both.post<{ readonly operationId: string; readonly credentialId: string }>('/v1/credentials', { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }, label: 'own' }), 202);
    const operation = expected(await both.reads(proposed), 200);
    expect(operation).toMatchObject({ keyUsages: [], grants: [{ action: 'administer', resource: 'POST /v1/credentials', approval: { met: false, missing: 1 } }] });
    expect((await both.approves(operation)).said).toBe('403 SELF_APPROVAL');
    expect(expected(await scene.admin.queue(), 200).items.some((o) => o.operationId === operation.operationId)).toBe(true);
    expect(expected(await scene.admin.rejects(operation), 201).state).toBe('rejected');
  });
});

describe('approvals that are signed', () => {
  it('are asked for, and sign', async () => {
    const operation = await bound('release 1');
    expect((await scene.ana.approves(operation)).said).toBe('403 PROOF_REQUIRED');
    expect(expected(await ana.approves(operation), 201)).toMatchObject({ state: 'pending', decisions: [{ proof: { type: 'jws', credentialId: ana.credentialId } }] });
    expect(expected(await ben.approves(operation), 201).state).toBe('approved');
    expect((await scene.ended(await orders(operation, 'release 1'))).state).toBe('completed');
    const approval = expected(await scene.ana.get<{ readonly approvals: readonly object[] }>(`/v1/operations/${operation.operationId}/approval`), 200);
    expect(approval.approvals).toMatchObject([{ resource: 'signed', met: true, missing: 0, tree: { type: 'approvers', met: true, filledBy: [{ subject: 'ana' }, { subject: 'ben' }] } }]);
  });

  it('hold for one operation, one person, one decision, once', async () => {
    const [one, two] = [await bound('release 2'), await bound('release 3')];
    const proof = await ana.proof(one);
    expect((await scene.ana.approves(two, { proof })).said).toBe('409 CHALLENGE_MISMATCH');
    expect((await scene.ben.approves(one, { proof })).said).toBe('409 CHALLENGE_MISMATCH');
    expect((await scene.ana.approves(one, { proof: { ...proof, jws: ben.signs('{}') } })).said).toBe('422 PROOF_INVALID');
    const other = await ana.proof(one);
    expect((await scene.ana.approves(one, { proof: { ...proof, jws: other.jws } })).said).toBe('409 CHALLENGE_MISMATCH');
    expect(expected(await scene.ana.approves(one, { proof }), 201).decisions).toHaveLength(1);
    expect(expected(await scene.ana.approves(one, { proof }), 201).decisions).toHaveLength(1);
    expected(await scene.ana.withdraws(one), 200);
    expect((await scene.ana.approves(one, { proof })).said).toBe('409 CHALLENGE_USED');
    // What takes power away needs the token alone.
    expect(expected(await scene.ana.rejects(one), 201).state).toBe('rejected');
  });

  it('do not count at use when their credential is suspended, and again when it is resumed', async () => {
    const operation = await bound('release 4');
    const cleo = await Signatory.enrolled(scene.cleo, [scene.admin]);
    expected(await cleo.approves(operation), 201);
    expected(await ben.approves(operation), 201);
    expected(await scene.cleo.post(`/v1/credentials/${cleo.credentialId}/suspend`, { reason: 'left on a train' }), 200);
    expect((await orders(operation, 'release 4')).said).toBe('409 OPERATION_NOT_APPROVED');
    expect((await scene.cleo.challenged(operation, { decision: 'approve', credentialId: cleo.credentialId })).said).toBe('403 CREDENTIAL_NOT_ACTIVE');
    expected(await scene.admin.post(`/v1/credentials/${cleo.credentialId}/resume`, { reason: 'found' }), 200);
    expect((await scene.ended(await orders(operation, 'release 4'))).state).toBe('completed');
  });
});

describe('rule 20: orders under policies that ask for proofs', () => {
  it('are bound to their operation’s digests, or signed by their orderer', async () => {
    const operation = await scene.orderer.operation({ signed: 2 });
    expected(await ana.approves(operation), 201);
    expected(await ben.approves(operation), 201);
    expect((await orders(operation, 'x')).said).toBe('403 PROOF_REQUIRED');
    const signed = orderer.ordering(operation, 'signed', [digestOf('x')], 'order-1');
    const first = await scene.ended(await signed());
    expect(first.state).toBe('completed');
    // Sent again it is the order that it was, whatever became of the credential; another one needs it.
    expected(await scene.orderer.post(`/v1/credentials/${orderer.credentialId}/suspend`, { reason: 'left on a train' }), 200);
    expect(expected(await signed(), 201)).toMatchObject({ signOrderId: first.signOrderId, state: 'completed', signatures: first.signatures });
    expect((await orderer.orders(operation, 'signed', [digestOf('x')], 'order-2')).said).toBe('403 CREDENTIAL_NOT_ACTIVE');
    expected(await scene.admin.post(`/v1/credentials/${orderer.credentialId}/resume`, { reason: 'found' }), 200);
    // Another key, or other digests, than were signed.
    const jws = orderer.signs('{}');
    expect((await scene.orderer.post(`/v1/operations/${operation.operationId}/sign-orders`, { keyId: 'signed', digests: [digestOf('y')], digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws } }, { key: 'order-2' })).said).toBe('422 PROOF_INVALID');
    expect((await scene.orderer.post(`/v1/operations/${operation.operationId}/sign-orders`, { keyId: 'signed', digests: [digestOf('y')], digestAlgorithm: 'SHA-256', proof: { type: 'jws', jws } }, { wrong: true })).said).toBe('422 VALIDATION_FAILED');
  });
});

describe('named policies and levels', () => {
  it('are pinned when an operation is requested, and honoured at use when they were tightened', async () => {
    const one = expected(await scene.admin.post<{ readonly version: number; readonly digest: string }>('/v1/policies', { name: 'of-firmware', policy: ofFirmware(1) }), 201);
    expect(one.version).toBe(1);
    await scene.key('referring', 'ES256', { ref: 'of-firmware' });
    const operation = await scene.orderer.operation({ referring: 2 });
    expect(operation.keyUsages[0]?.approval).toMatchObject({ name: 'of-firmware', version: 1, missing: 1 });
    expect(expected(await scene.ana.approves(operation), 201).state).toBe('approved');
    const input = { keyId: 'referring', digests: [digestOf('z')], digestAlgorithm: 'SHA-256' } as const;
    expect((await scene.ended(await scene.orderer.orders(operation, input))).state).toBe('completed');
    expect(expected(await scene.admin.post<{ readonly version: number }>('/v1/policies', { name: 'of-firmware', policy: ofFirmware(2) }), 201).version).toBe(2);
    expect((await scene.orderer.orders(operation, input)).said).toBe('409 OPERATION_NOT_APPROVED');
    expect((await scene.orderer.operation({ referring: 1 })).keyUsages[0]?.approval).toMatchObject({ version: 2, missing: 2 });
  });
  it('of a level are asked for beside the key’s own', async () => {
    expected(await scene.admin.send('PUT', '/v1/assurance-levels/L1', { policy: { type: 'approvers', count: 1, group: 'auditors' } }), 200);
    await scene.key('levelled', 'ES256', { tree: ofFirmware(1), assuranceLevel: 'L1' });
    const operation = await scene.orderer.operation({ levelled: 1 });
    expect(expected(await scene.ana.approves(operation), 201).state).toBe('pending');
    expect(expected(await scene.approver('dora', 'auditors').approves(operation), 201).state).toBe('approved');
  });
  it('are simulated on what was decided', async () => {
    const told = await eventually(async () => expected(await scene.auditor.post<{ readonly items: readonly object[]; readonly examined: number }>('/v1/policies/simulate', { approvalPolicy: ofFirmware(3), keyId: 'signed' }), 200), (s) => s.items.length >= 3);
    expect(told.items).toEqual(expect.arrayContaining([expect.objectContaining({ was: 'approved', would: 'pending', missing: 1 })]));
    expect((await scene.ana.post('/v1/policies/simulate', { approvalPolicy: NONE })).said).toBe('403 ROLE_REQUIRED');
  });
});

describe('an emergency', () => {
  it('takes fewer approvers, and is reviewed by others, or disables its key', async () => {
    const policy = (reviewWithinMs: number) => ({ tree: ofFirmware(2), emergency: { tree: ofFirmware(1), reviewWithinMs, reviewers: { type: 'approvers', count: 1, role: 'administrator' } } });
    await scene.key('reviewed', 'ES256', policy(600_000));
    await scene.key('urgent', 'ES256', policy(1_000));
    const use = async (keyId: string) => {
      const operation = await scene.orderer.operation({ [keyId]: 1 }, { emergency: { reason: 'pumps in the field stop' } });
      expect(operation.emergency).toEqual({ reason: 'pumps in the field stop' });
      expect(expected(await scene.ana.approves(operation), 201).state).toBe('approved');
      expect((await scene.ended(await scene.orderer.orders(operation, { keyId, digests: [digestOf('u')], digestAlgorithm: 'SHA-256' }))).state).toBe('completed');
      return operation;
    };
    const reviewed = await use('reviewed');
    expect((await scene.ana.post(`/v1/reviews/${reviewed.operationId}`, { verdict: 'justified', comment: 'mine' })).said).toBe('403 SELF_APPROVAL');
    expect((await scene.ben.post(`/v1/reviews/${reviewed.operationId}`, { verdict: 'justified', comment: 'not named' })).said).toBe('403 NOT_ELIGIBLE');
    expect(expected(await scene.admin.post(`/v1/reviews/${reviewed.operationId}`, { verdict: 'justified', comment: 'as the incident report says' }), 201)).toMatchObject({ status: 'justified' });
    const doubted = await use('reviewed');
    expect(expected(await scene.admin2.post(`/v1/reviews/${doubted.operationId}`, { verdict: 'not-justified', comment: 'no incident is known' }), 201)).toMatchObject({ status: 'not-justified' });
    expect((await scene.admin2.post(`/v1/reviews/${doubted.operationId}`, { verdict: 'justified', comment: 'after all' })).said).toBe('409 ALREADY_DECIDED');
    expect(expected(await scene.admin.get<{ readonly status: string }>('/v1/keys/reviewed'), 200).status).toBe('enabled');
    const forgotten = await use('urgent');
    await eventually(async () => expected(await scene.auditor.get<{ readonly items: readonly { readonly reviewId: string; readonly status: string }[] }>('/v1/reviews'), 200).items, (items) => items.some((r) => r.reviewId === forgotten.operationId && r.status === 'overdue'), 20_000);
    await eventually(async () => expected(await scene.admin.get<{ readonly status: string }>('/v1/keys/urgent'), 200).status, (status) => status === 'disabled');
    const events = expected(await scene.auditor.audit('?type=keys.disabled.v1'), 200).items;
    expect(events[0]).toMatchObject({ actor: { issuer: 'urn:countersign:system' }, data: { keyId: 'urgent', reason: 'REVIEW_OVERDUE' } });
    expect((await scene.orderer.requests({ free: 1 }, { emergency: { reason: 'x' } })).said).toBe('422 VALIDATION_FAILED');
  });
});
