// Ways in which others have let a request through, each tried through the api: those that no other suite here tries. The order is that of the domain's own list.
import { createHash, createPublicKey } from 'node:crypto';
import { eventually } from '#test/system/steps.js';
import type { OperationView } from '#operations/application/operation-view.js';
import type { SignOrderView } from '#signing/application/sign-order-view.js';
import { Founded } from './founded.js';
import { expected } from './person.js';
import type { Answer } from './person.js';
import { NONE, ofFirmware } from './scene.js';
import type { Scene } from './scene.js';

const DIGEST = createHash('sha256').update('release').digest('base64');
const BOUND = { binding: { digests: [DIGEST] } };
const approvers = (count: number, group: string) => ({ type: 'approvers', count, group });
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** A day that is neither now nor near, wherever midnight is. */
const FAR = DAYS[(new Date().getUTCDay() + 3) % 7];
const SIGNED = { tree: ofFirmware(1), requiredProof: 'signature' } as const;
const KEYS = {
  one: ofFirmware(1), both: { type: 'allOf', of: [ofFirmware(1), approvers(1, 'quality')] }, other: approvers(1, 'quality'), weighty: { type: 'threshold', k: 3, weights: [2, 1, 1], of: [approvers(1, 'heads'), ofFirmware(1), approvers(1, 'quality')] },
  doubted: { tree: ofFirmware(1), rejectionsToReject: 2 }, decided: { tree: ofFirmware(1), evaluateEligibility: 'atDecision' }, apart: { tree: ofFirmware(1), excludedGroups: ['contractors'] },
  signed: SIGNED, closed: { tree: NONE, allowedHours: { timeZone: 'UTC', days: [FAR], from: '08:00', to: '09:00' } }, bounded: { tree: NONE, requireBinding: true, maxUsageCount: 2, maxValidMs: 60_000 },
};
type KeyId = keyof typeof KEYS;

let founded: Founded;
let scene: Scene;
beforeAll(async () => {
  founded = await Founded.open({ rosters: { 'firmware-approvers': ['ana', 'ben'] }, others: ['orderer-1', 'ana', 'ben', 'cleo'], keys: KEYS, over: () => ({ minimumProof: 'token' }) });
  ({ scene } = founded);
});
afterAll(() => founded.close());

const asks = (...keyIds: readonly KeyId[]): Promise<OperationView> => scene.orderer.operation(Object.fromEntries(keyIds.map((keyId) => [keyId, 1])), BOUND);
const orders = (operation: OperationView, keyId: KeyId): Promise<Answer<SignOrderView>> => scene.orderer.orders(operation, { keyId, digests: [DIGEST], digestAlgorithm: 'SHA-256' });
const signs = async (operation: OperationView, keyId: KeyId): Promise<void> => {
  const { state, blockers } = await scene.ended(await orders(operation, keyId));
  expect({ state, blockers }).toEqual({ state: 'completed', blockers: undefined });
};
const refused = async (operation: OperationView, keyId: KeyId): Promise<void> => expect((await orders(operation, keyId)).said).toBe('409 OPERATION_NOT_APPROVED');
/** What tokens tell is written down beside the calls. */
const toBeRefused = (operation: OperationView, keyId: KeyId): Promise<unknown> => eventually(() => orders(operation, keyId), ({ said }) => said === '409 OPERATION_NOT_APPROVED', 3_000);
const stateAfter = async (answer: Promise<Answer<OperationView>>): Promise<string> => expected(await answer, 201).state;

describe('the requester as an approver', () => {
  it('is refused as whom he named his deputy, for as long as he is', async () => {
    const orderer = founded.signatory('orderer-1', ['orderer', 'approver'], { groups: ['firmware-approvers'] });
    const operation = await asks('one');
    const named = await orderer.acts<{ readonly deputyId: string }>('POST', '/v1/deputies', { deputy: founded.account('ana'), groups: ['firmware-approvers'], from: '2026-01-01T00:00:00.000Z', until: '2099-01-01T00:00:00.000Z', reason: 'away' });
    expect((await scene.ana.approves(operation)).said).toBe('403 SELF_APPROVAL');
    expected(await orderer.person.send('DELETE', `/v1/deputies/${expected(named, 201).deputyId}`), 200);
    expect(await stateAfter(scene.ana.approves(operation))).toBe('approved');
  });
  it('does not count once it is known that he is one', async () => {
    const operation = await asks('one');
    const dora = scene.approver('dora');
    expect(await stateAfter(dora.approves(operation))).toBe('approved');
    const [one, two, three] = [founded.administrator('admin-1'), founded.administrator('admin-2'), founded.administrator('admin-3')];
    await founded.inForce(await one.acts('PUT', '/v1/people/olga', { accounts: ['orderer-1', 'dora'].map(founded.account) }), two, three);
    await refused(operation, 'one');
    expect(await stateAfter(scene.ben.approves(operation))).toBe('approved');
    await signs(operation, 'one');
  });
});

describe('one person for two', () => {
  it('fills one slot, though he is in both groups', async () => {
    const operation = await asks('both');
    expect(await stateAfter(scene.approver('fay', 'firmware-approvers', 'quality').approves(operation))).toBe('pending');
    expect(await stateAfter(scene.ana.approves(operation))).toBe('approved');
    await signs(operation, 'both');
  });
  it('is not enough where all is asked for, of one key or of several', async () => {
    const [one, several] = [await asks('both'), await asks('one', 'other')];
    for (const operation of [one, several]) expect(await stateAfter(scene.ana.approves(operation))).toBe('pending');
    expect(await stateAfter(scene.ben.approves(one))).toBe('pending');
    for (const keyId of ['one', 'other'] as const) await refused(several, keyId);
    expect(await stateAfter(scene.approver('quinn', 'quality').approves(several))).toBe('approved');
    await refused(one, 'both');
  });
  it('has the weight of one node', async () => {
    const operation = await asks('weighty');
    expect(await stateAfter(scene.approver('hank', 'heads', 'firmware-approvers', 'quality').approves(operation))).toBe('pending');
    await refused(operation, 'weighty');
    expect(await stateAfter(scene.approver('quinn', 'quality').approves(operation))).toBe('approved');
  });
});

it('a rejection of one of two that are asked for stays, and the second ends it', async () => {
  const operation = await asks('doubted');
  expect(await stateAfter(scene.ana.rejects(operation))).toBe('pending');
  expect(await stateAfter(scene.ana.rejects(operation))).toBe('pending');
  expect((await scene.ana.approves(operation)).said).toBe('409 ALREADY_DECIDED');
  expect(await stateAfter(scene.ben.rejects(operation))).toBe('rejected');
  expect((await scene.cleo.approves(operation)).said).toBe('409 OPERATION_REJECTED');
});

describe('an approver who is one no more', () => {
  it('does not count at use as soon as a token tells so, and counts where the policy looks at the decision alone', async () => {
    const [one, decided] = [await asks('one'), await asks('decided')];
    const greg = scene.approver('greg');
    for (const operation of [one, decided]) expect(await stateAfter(greg.approves(operation))).toBe('approved');
    expected(await scene.approver('greg', 'others').queue(), 200);
    await toBeRefused(one, 'one');
    await signs(decided, 'decided');
  });
  it('does not count as soon as he is in a group that excludes', async () => {
    const operation = await asks('apart');
    expect((await scene.approver('iris', 'firmware-approvers', 'contractors').approves(operation)).said).toBe('403 NOT_ELIGIBLE');
    expect(await stateAfter(scene.approver('jack').approves(operation))).toBe('approved');
    expected(await scene.approver('jack', 'firmware-approvers', 'contractors').queue(), 200);
    await toBeRefused(operation, 'apart');
  });
});

describe('a signed decision', () => {
  it('is of the roster: a token narrows it, and never widens it; who left it does not count', async () => {
    const operation = await asks('signed');
    expect((await founded.approver('cleo').person.challenged(operation, { decision: 'approve' })).said).toBe('403 NOT_ELIGIBLE');
    expect((await founded.approver('ben', ['others']).person.challenged(operation, { decision: 'approve' })).said).toBe('403 NOT_ELIGIBLE');
    expect(await stateAfter(founded.approver('ben').approves(operation))).toBe('approved');
    const [one, two, three] = [founded.administrator('admin-1'), founded.administrator('admin-2'), founded.administrator('admin-3')];
    await founded.inForce(await one.acts('PUT', '/v1/roster/firmware-approvers', { members: [founded.account('ana')] }), two, three);
    await refused(operation, 'signed');
    expect(await stateAfter(founded.approver('ana').approves(operation))).toBe('approved');
    await signs(operation, 'signed');
  });
  it('does not count when its credential is revoked, and the key of it is taken for nobody again', async () => {
    const [operation, later] = [await asks('signed'), await asks('signed')];
    const ana = founded.approver('ana');
    expect(await stateAfter(ana.approves(operation))).toBe('approved');
    const proof = await ana.proof(later);
    expected(await ana.person.post('/v1/credentials/ana-key/revoke', { reason: 'stolen' }), 200);
    await refused(operation, 'signed');
    expect((await ana.person.approves(later, { proof })).said).toBe('403 CREDENTIAL_NOT_ACTIVE');
    expect((await founded.administrator('admin-1').acts('POST', '/v1/credentials/ana-key/resume', { reason: 'found' })).said).toBe('403 CREDENTIAL_NOT_ACTIVE');
    const publicJwk = createPublicKey(ana.privateKey).export({ format: 'jwk' });
    for (const person of [scene.ana, scene.ben]) expect((await person.post('/v1/credentials', { type: 'jwk', publicJwk, label: 'again' })).said).toBe('409 CREDENTIAL_EXISTS');
  });
});

describe('an order', () => {
  it('waits for its hours', async () => expect((await orders(await asks('closed'), 'closed')).said).toBe('409 OPERATION_NOT_YET_VALID'));
  it('is of an operation within what its policy allows', async () => {
    const said = async (uses: number, more: object): Promise<string> => (await scene.orderer.requests({ bounded: uses }, { ...BOUND, validMs: 60_000, ...more })).said;
    expect([await said(2, {}), await said(3, {}), await said(2, { validMs: 60_001 }), await said(2, { binding: undefined })]).toEqual(['201', '422 VALIDATION_FAILED', '422 VALIDATION_FAILED', '422 VALIDATION_FAILED']);
  });
});
