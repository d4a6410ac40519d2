import { sleep } from '#test/system/service.js';
import { eventually } from '#test/system/steps.js';
import { expected } from './person.js';
import type { Person } from './person.js';
import { Scene, ofFirmware } from './scene.js';

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
  await scene.key('one', 'ES256', ofFirmware(1));
  await scene.key('two', 'ES256', ofFirmware(2));
});
afterAll(() => scene.close());

const account = ({ issuer, subject }: Person) => ({ issuer, subject });
const puts = async (path: string, body: unknown): Promise<void> => void expected(await scene.admin.send('PUT', path, body), 200);
const inQueue = async (who: Person, { operationId }: { readonly operationId: string }, there: boolean): Promise<void> =>
  void (await eventually(async () => expected(await who.queue('?limit=200'), 200).items.some((o) => o.operationId === operationId), (found) => found === there));
const DIGEST = Buffer.alloc(32, 5).toString('base64');

describe('one human', () => {
  it('approves once, under whichever account, and never what he asked for under another', async () => {
    const second = scene.as('ana-admin', ['approver'], { groups: ['firmware-approvers'] });
    const orders = scene.as('ana-orders', ['orderer']);
    await puts('/v1/people/ana', { accounts: [account(scene.ana), account(second), account(orders)] });
    const operation = await scene.orderer.operation({ two: 1 });
    expected(await scene.ana.approves(operation), 201);
    expect(expected(await second.approves(operation), 201)).toMatchObject({ state: 'pending', decisions: [{}] });
    await inQueue(second, operation, false);
    const own = await orders.operation({ one: 1 });
    await inQueue(scene.ana, own, false);
    expect((await scene.ana.approves(own)).said).toBe('403 SELF_APPROVAL');
    expect((await second.approves(own)).said).toBe('403 SELF_APPROVAL');
  });
  it('approves nothing of the pipelines that he owns', async () => {
    const pipeline = scene.as('repo:acme/firmware', ['orderer']);
    await puts('/v1/people/ben', { accounts: [account(scene.ben)], owns: [account(pipeline)] });
    const operation = await pipeline.operation({ one: 1 });
    await inQueue(scene.ben, operation, false);
    expect((await scene.ben.approves(operation)).said).toBe('403 SELF_APPROVAL');
    await inQueue(scene.cleo, operation, true);
    expect(expected(await scene.cleo.approves(operation), 201).state).toBe('approved');
  });
  it('who is suspended decides nothing, and what he approved does not count', async () => {
    const dora = scene.approver('dora');
    await puts('/v1/people/dora', { accounts: [account(dora)] });
    const operation = await scene.orderer.operation({ one: 1 });
    expected(await dora.approves(operation), 201);
    await puts('/v1/people/dora', { status: 'suspended' });
    expect((await scene.orderer.orders(operation, { keyId: 'one', digests: [DIGEST], digestAlgorithm: 'SHA-256' })).said).toBe('409 OPERATION_NOT_APPROVED');
    const other = await scene.orderer.operation({ one: 1 });
    expect((await dora.approves(other)).said).toBe('403 NOT_ELIGIBLE');
    expect(expected(await scene.cleo.approves(operation), 201).state).toBe('approved');
    expect((await scene.ended(await scene.orderer.orders(operation, { keyId: 'one', digests: [DIGEST], digestAlgorithm: 'SHA-256' }))).state).toBe('completed');
  });
});

describe('a deputy', () => {
  it('approves in the name of who named him, and is shown with it', async () => {
    const boss = scene.approver('boss');
    const deputy = scene.as('deputy', ['approver'], { groups: [] });
    const named = expected(await boss.post<{ readonly deputyId: string }>('/v1/deputies', { deputy: account(deputy), groups: ['firmware-approvers'], from: '2026-01-01T00:00:00.000Z', until: '2099-01-01T00:00:00.000Z', reason: 'on leave' }), 201);
    const operation = await scene.orderer.operation({ two: 1 });
    await inQueue(deputy, operation, true);
    expect(expected(await deputy.approves(operation), 201)).toMatchObject({ state: 'pending', decisions: [{ by: { subject: 'deputy' }, onBehalfOf: { subject: 'boss' } }] });
    // Still one human once.
    expect(expected(await boss.approves(operation), 201).state).toBe('pending');
    expect(expected(await scene.cleo.approves(operation), 201).state).toBe('approved');
    expected(await boss.send('DELETE', `/v1/deputies/${named.deputyId}`), 200);
    expect((await deputy.approves(await scene.orderer.operation({ two: 1 }))).said).toBe('403 NOT_ELIGIBLE');
  });
});

describe('separation of duties', () => {
  it('keeps who is in two groups that exclude each other from deciding', async () => {
    await puts('/v1/separation', { exclusive: [['firmware-approvers', 'builders']], mutualWithinDays: 0 });
    const both = scene.approver('both', 'firmware-approvers', 'builders');
    const operation = await scene.orderer.operation({ one: 1 });
    await inQueue(both, operation, false);
    expect((await both.approves(operation)).said).toBe('403 NOT_ELIGIBLE');
  });
  it('keeps two people from approving each other’s operations', async () => {
    await puts('/v1/separation', { exclusive: [], mutualWithinDays: 30 });
    const [eve, finn] = ['eve', 'finn'].map((name) => scene.as(name, ['orderer', 'approver'], { groups: ['firmware-approvers'] })) as [Person, Person];
    expected(await finn.approves(await eve.operation({ one: 1 })), 201);
    const back = await finn.operation({ one: 1 });
    const refused = await eve.approves(back);
    expect(refused.said).toBe('403 NOT_ELIGIBLE');
    await inQueue(eve, back, false);
    expect(expected(await scene.cleo.approves(back), 201).state).toBe('approved');
    const pairs = await eventually(async () => expected(await scene.auditor.get<{ readonly items: readonly { readonly requester: object; readonly approver: object }[] }>('/v1/reports/approver-pairs'), 200).items, (items) => items.some((p) => JSON.stringify(p.requester).includes('finn')));
    expect(pairs).toEqual(expect.arrayContaining([expect.objectContaining({ requester: account(eve), approver: account(finn), approvals: 1 })]));
    await puts('/v1/separation', { exclusive: [], mutualWithinDays: 0 });
  });
});

describe('time in policies', () => {
  it('lets an order wait for the delay, as reserved', async () => {
    await scene.key('delayed', 'ES256', { tree: ofFirmware(1), minimumDelayMs: 12_000 });
    const operation = await scene.orderer.operation({ delayed: 1 });
    expected(await scene.cleo.approves(operation), 201);
    const order = expected(await scene.orderer.orders(operation, { keyId: 'delayed', digests: [DIGEST], digestAlgorithm: 'SHA-256' }, { headers: { prefer: 'respond-async' } }), 202);
    await sleep(500);
    expect(expected(await scene.orderer.readsOrder(order), 200).state).toBe('reserved');
    const ended = await eventually(async () => expected(await scene.orderer.readsOrder(order), 200), (o) => o.state === 'completed', 40_000);
    expect(Date.parse(ended.at ?? '') - Date.parse(operation.requestedAt)).toBeGreaterThanOrEqual(12_000);
  });
  it('reminds and escalates, once each, as events', async () => {
    await scene.key('reminding', 'ES256', { tree: ofFirmware(1), remindAfterMs: 1_000, escalateAfterMs: 1_500, escalateTo: { type: 'approvers', count: 1, role: 'administrator' } });
    const operation = await scene.orderer.operation({ reminding: 1 });
    const items = await eventually(async () => expected(await scene.auditor.trail(operation), 200).items.map((e) => e.type), (types) => types.includes('operations.escalated.v1'), 10_000);
    expect(items).toEqual(['operations.requested.v1', 'operations.reminder-due.v1', 'operations.escalated.v1']);
    expect((await scene.admin.approves(operation)).said).toBe('403 NOT_ELIGIBLE');
  });
  it('opens the steps of a sequence one after the other', async () => {
    await scene.key('stepped', 'ES256', { type: 'sequence', of: [ofFirmware(1), { type: 'approvers', count: 1, group: 'release-board' }] });
    const board = scene.approver('greta', 'release-board');
    const operation = await scene.orderer.operation({ stepped: 1 });
    await inQueue(scene.cleo, operation, true);
    await inQueue(board, operation, false);
    expect((await board.approves(operation)).said).toBe('403 NOT_ELIGIBLE');
    expected(await scene.cleo.approves(operation), 201);
    await inQueue(board, operation, true);
    expect(expected(await board.approves(operation), 201).state).toBe('approved');
  });
});
