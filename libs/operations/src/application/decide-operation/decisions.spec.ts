import { NOBODY_KNOWN } from '#identity/contract.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import { FaultyEventStore } from '#eventing/testing/faulty-event-store.js';
import { MemoryEventStore } from '#eventing/testing/memory-event-store.js';
import type { Directory, Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';
import { RefusalRecorder } from '../record-refusals/refusal-recorder.js';
import { RequestOperationCommand } from '../request-operation/request-operation.command.js';
import { RequestOperationHandler } from '../request-operation/request-operation.handler.js';
import { RevokeOperationCommand } from '../revoke-operation/revoke-operation.command.js';
import { RevokeOperationHandler } from '../revoke-operation/revoke-operation.handler.js';
import { Bench, metaOf, NOON, ORDERER, principal, requestOf, TWO_OF_FW, NO_PAIRS, NO_VERIFIER, plane } from '../testing/operations-bench.js';
import { WithdrawApprovalCommand } from '../withdraw-approval/withdraw-approval.command.js';
import { WithdrawApprovalHandler } from '../withdraw-approval/withdraw-approval.handler.js';
import { DecideOperationCommand } from './decide-operation.command.js';
import { DecideOperationHandler } from './decide-operation.handler.js';

const [ONE, TWO, THREE] = [principal('approver1'), principal('approver2'), principal('approver3')] as const;
const ADMINISTRATOR = principal('admin1', { roles: ['administrator'], groups: [] });

const DEPUTY = principal('deputy', { groups: [] });
/** For a minute. */
const UNTIL = new Date(NOON + 60_000).toISOString();
const WITH_DEPUTY: Directory = {
  ...NOBODY_KNOWN,
  principalsOf: ({ subject }, now) => (subject === 'deputy' && now !== '' && now < UNTIL ? [{ deputyId: 'd', principal: ONE, groups: ['fw'] }] : []),
  seen: (_, now) => (now !== '' && now < UNTIL ? { at: '', roles: ['approver'], groups: ['fw'] } : undefined),
};

/** One process: its handlers over a store that others use as well. */
class Process extends Bench {
  readonly refusals = new RefusalRecorder(this.operations, (error) => {
    throw error;
  });
  readonly asked: unknown[] = [];
  directory: Directory = NOBODY_KNOWN;
  private readonly inFlight = { startedBefore: (of: unknown, at: bigint) => {
    this.asked.push([of, at]);
    return Promise.resolve(['order-1']);
  } };
  request(key: string | null = null): Promise<OperationView> {
    this.keys.set('fw-prod', { approvalPolicy: TWO_OF_FW });
    return new RequestOperationHandler(this.operations, this.keys, plane(), 'd').execute(new RequestOperationCommand(metaOf(ORDERER, 'r', key), ORDERER, requestOf()));
  }
  decide(caller: Principal, view: OperationView, decision: 'approve' | 'reject' = 'approve', { key = null, digest = view.requestDigest, body = 'body' }: { key?: string | null; digest?: string; body?: string } = {}): Promise<OperationView> {
    return new DecideOperationHandler(this.operations, plane({ directory: this.directory }), NO_PAIRS, this.clock, NO_VERIFIER, this.refusals).execute(new DecideOperationCommand(metaOf(caller, 'd', key, body), caller, view.operationId, decision, digest, 'a comment', null));
  }
  withdraw(caller: Principal, { operationId }: OperationView, key: string | null = null): Promise<OperationView> {
    return new WithdrawApprovalHandler(this.operations, plane()).execute(new WithdrawApprovalCommand(metaOf(caller, 'w', key), caller, operationId));
  }
  revoke(caller: Principal, { operationId }: OperationView, key: string | null = null) {
    return new RevokeOperationHandler(this.operations, { ...plane({ directory: this.directory }), known: () => plane().known() }, this.store, this.inFlight).execute(new RevokeOperationCommand(metaOf(caller, 'v', key), caller, operationId, 'leak'));
  }
  reserve(view: OperationView) {
    const order = { signOrderId: 'o', requestedAt: 't', keyId: 'fw-prod', count: 1, input: { digests: ['d'] }, format: 'der', bodyDigest: 'b' } as const;
    return this.operations.execute({ stream: `operation-${view.operationId}`, meta: metaOf(ORDERER, 's'), build: (now) => ({ type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: ORDERER, order, digests: ['d'], keyEnabled: true, lacking: null, unavailable: null, now }) });
  }
}
const types = (events: readonly RecordedEvent[]): readonly string[] => events.map((e) => e.type.replace('operations.', '').replace('.v1', ''));
const code = (expected: string) => expect.objectContaining({ code: expected }) as unknown;

describe('decisions', () => {
  let store: FaultyEventStore;
  let here: Process;
  let there: Process;
  let view: OperationView;
  beforeEach(async () => {
    store = new FaultyEventStore(new MemoryEventStore());
    [here, there] = [new Process(store), new Process(store)];
    view = await here.request();
  });
  const trail = async () => types(await here.events(view.operationId));

  it('approve, with who and what he said', async () => {
    const approved = await here.decide(ONE, view);
    expect(approved).toMatchObject({ state: 'pending', revision: 1, keyUsages: [{ approval: { met: false, missing: 1 } }] });
    expect(approved.decisions).toEqual([{ decision: 'approve', by: { issuer: ONE.issuer, subject: 'approver1', name: ONE.name, claims: ONE.claims }, at: new Date(NOON).toISOString(), comment: 'a comment' }]);
    expect(await here.decide(TWO, view)).toMatchObject({ state: 'approved', keyUsages: [{ approval: { met: true, missing: 0 } }] });
  });

  it('rule 3: the approval that completed it, sent again, is answered with the approved operation', async () => {
    await here.decide(ONE, view);
    const last = await here.decide(TWO, view, 'approve', { key: 'k' });
    expect(last).toMatchObject({ state: 'approved', revision: 3 });
    await here.revoke(ADMINISTRATOR, view);
    for (const process of [here, there, new Process(store)]) expect(await process.decide(TWO, view, 'approve', { key: 'k' })).toEqual(last);
    await expect(there.decide(TWO, view, 'reject', { key: 'k', body: 'other' })).rejects.toEqual(code('IDEMPOTENCY_KEY_REUSED'));
    expect(await trail()).toEqual(['requested', 'approval-given', 'approval-given', 'approved', 'revoked']);
  });

  it('rule 3: is answered by the time of its event, whenever it is asked: who was a deputy then counts', async () => {
    here.directory = WITH_DEPUTY;
    const answered = await here.decide(DEPUTY, view, 'approve', { key: 'k' });
    expect(answered).toMatchObject({ decisions: [{ onBehalfOf: { subject: 'approver1' } }], keyUsages: [{ approval: { met: false, missing: 1 } }] });
    here.wall += 600_000;
    expect(await here.decide(DEPUTY, view, 'approve', { key: 'k' })).toEqual(answered);
  });

  it('rule 13: revoking is refused by nothing older than itself: who was made a deputy just now revokes', async () => {
    await expect(here.revoke(DEPUTY, view)).rejects.toEqual(code('NOT_YOUR_OPERATION'));
    here.directory = WITH_DEPUTY;
    expect(await here.revoke(DEPUTY, view)).toMatchObject({ state: 'revoked' });
  });

  it('rule 3: so is the rejection', async () => {
    const last = await here.decide(ONE, view, 'reject', { key: 'k' });
    expect(last).toMatchObject({ state: 'rejected', revision: 2 });
    expect(await there.decide(ONE, view, 'reject', { key: 'k' })).toEqual(last);
  });

  it('two approvals at the same instant both count', async () => {
    await Promise.all([here.decide(ONE, view), there.decide(TWO, view)]);
    expect(await trail()).toEqual(['requested', 'approval-given', 'approval-given', 'approved']);
  });

  it('one person at the same instant through two processes counts once', async () => {
    await Promise.all([here.decide(ONE, view), there.decide(ONE, view), here.decide(ONE, view)]);
    expect(await trail()).toEqual(['requested', 'approval-given']);
  });

  it('of as many as can be at the same instant only those needed are taken', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? here : there).decide(principal(`p${i}`), view)));
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(2);
    for (const o of outcomes) if (o.status === 'rejected') expect(o.reason).toEqual(code('OPERATION_APPROVED'));
  });

  it('rule 3: approve beside revoke, under the same key, at the same instant, through two processes: one consistent state, both in the trail', async () => {
    await here.decide(ONE, view);
    const eligible = principal('admin2', { roles: ['approver', 'administrator'] });
    const [approval, revocation] = await Promise.allSettled([here.decide(TWO, view, 'approve', { key: 'k' }), there.revoke(eligible, view, 'k')]);
    expect(revocation.status).toBe('fulfilled');
    const after = await trail();
    expect(after).toContain('revoked');
    if (approval.status === 'fulfilled') expect(after).toEqual(['requested', 'approval-given', 'approval-given', 'approved', 'revoked']);
    else expect([after, approval.reason]).toEqual([['requested', 'approval-given', 'revoked'], code('OPERATION_REVOKED')]);
  });

  it('withdraw takes back and answers with what is left', async () => {
    await here.decide(ONE, view);
    await here.decide(TWO, view);
    const withdrawn = await there.withdraw(ONE, view, 'k');
    expect(withdrawn).toMatchObject({ state: 'pending', decisions: [{ by: { subject: 'approver2' } }] });
    expect(await here.decide(ONE, view)).toMatchObject({ state: 'approved' });
    expect(await here.withdraw(ONE, view, 'k')).toEqual(withdrawn);
    await here.reserve(view);
    await expect(there.withdraw(ONE, view)).rejects.toEqual(code('APPROVAL_IN_USE'));
  });

  it('a withdrawal and a reservation at the same instant: one of them', async () => {
    await here.decide(ONE, view);
    await here.decide(TWO, view);
    const outcomes = await Promise.allSettled([here.withdraw(ONE, view), there.reserve(view)]);
    expect(outcomes.filter((o) => o.status === 'fulfilled')).toHaveLength(1);
  });

  it('revoking tells orders in flight as of that moment, also when it is sent again', async () => {
    await here.decide(ONE, view);
    await here.decide(TWO, view);
    await here.reserve(view);
    const revoked = await here.revoke(ADMINISTRATOR, view, 'k');
    expect(revoked).toMatchObject({ state: 'revoked', inFlight: ['order-1'] });
    const event = (await here.events(view.operationId)).at(-1);
    expect(here.asked).toEqual([[{ operationId: view.operationId }, event?.position]]);
    expect(await there.revoke(ADMINISTRATOR, view, 'k')).toEqual(revoked);
    expect(there.asked).toEqual(here.asked);
    expect((await new Process(store).request().then(async (v) => here.revoke(ORDERER, v))).inFlight).toEqual([]);
  });

  it('refusals that an auditor must see are in the trail, and change no answer', async () => {
    const self = principal('orderer1', { roles: ['approver', 'orderer'] });
    await expect(here.decide(self, view)).rejects.toEqual(code('SELF_APPROVAL'));
    await expect(here.decide(principal('x', { groups: [] }), view)).rejects.toEqual(code('NOT_ELIGIBLE'));
    await expect(here.decide(ONE, view, 'approve', { digest: 'other' })).rejects.toEqual(code('REQUEST_DIGEST_MISMATCH'));
    await here.refusals.flush();
    const refused = (await here.events(view.operationId)).slice(1);
    expect(types(refused)).toEqual(['decision-refused', 'decision-refused', 'decision-refused']);
    expect(refused.map((e) => e.data)).toMatchObject([{ code: 'SELF_APPROVAL', by: { subject: 'orderer1' } }, { code: 'NOT_ELIGIBLE' }, { code: 'REQUEST_DIGEST_MISMATCH' }]);
    expect(await there.decide(ONE, view)).toMatchObject({ decisions: [{ by: { subject: 'approver1' } }] });
  });

  it('of what is not there: OPERATION_NOT_FOUND', async () => {
    const none = { ...view, operationId: '00000000-0000-4000-8000-000000000000' };
    for (const act of [here.decide(THREE, none), here.withdraw(THREE, none), here.revoke(ADMINISTRATOR, none)]) await expect(act).rejects.toEqual(code('OPERATION_NOT_FOUND'));
    expect(await here.events(none.operationId)).toEqual([]);
  });
});
