import type { Policy, PolicyNode } from '#policies/contract.js';
import { NOBODY_KNOWN } from '#identity/contract.js';
import { readdirSync, readFileSync } from 'node:fs';
import { UnknownEventTypeError } from '#eventing/event-codec.js';
import type { RecordedEvent } from '#eventing/event-store.port.js';
import type { OperationCommand, Person } from '../domain/operation/commands.js';
import { operationDecider } from '../domain/operation/decide.js';
import type { OperationEvent, Requested, UsesReserved } from '../domain/operation/events.js';
import type { OperationState } from '../domain/operation/state.js';
import { statusAt } from '../domain/operation/status.js';
import { operationKind } from './operation-kind.js';

const TESTDATA = new URL('../domain/operation/testdata/', import.meta.url);
type Type = OperationEvent['type'];
const golden = (type: Type): { readonly type: string; readonly data: unknown } => JSON.parse(readFileSync(new URL(`${type}.json`, TESTDATA), 'utf8')) as { type: string; data: unknown };
const recorded = (type: string, data: unknown): RecordedEvent => ({
  id: 'e', type, data, stream: 'operation-1', revision: 0, position: 1n, metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});
const decoded = (type: Type): OperationEvent => operationKind.decode(recorded(type, golden(type).data));
const fold = (...types: readonly Type[]): OperationState => types.map(decoded).reduce((state, event) => operationKind.evolve(state, event), operationKind.initialState);

const REQUESTED = 'operations.requested.v1';
const APPROVAL = 'operations.approval-given.v1';
const APPROVED = 'operations.approved.v1';
const RESERVED = 'operations.uses-reserved.v1';
const SETTLED = 'operations.uses-settled.v1';
const RETURNED = 'operations.uses-returned.v1';
const asked = (golden(REQUESTED) as Requested).data;
const { operationId: _, algorithm: __, publicKeySha256: ___, ...order } = (golden(RESERVED) as UsesReserved).data;
const { signOrderId } = order;
const digests = 'digests' in order.input ? order.input.digests : [];
const now = { closing: '2026-11-20T12:30:00.000Z', opening: '2026-11-20T12:30:00.000Z' };
const person = (subject: string, over: Partial<Person> = {}): Person => ({
  issuer: 'https://idp.example', subject, roles: ['approver'], groups: ['firmware-approvers'], name: 'Zoë Müller', claims: { repository: 'acme/firmware' }, ...over,
});
const by = (subject: string) => ({ issuer: 'https://idp.example', subject });
const approve: OperationCommand = { type: 'decide', proof: null, directory: NOBODY_KNOWN, decision: 'approve', by: person('approver1'), requestDigest: asked.requestDigest, comment: 'looks good', now };
const reject: OperationCommand = { type: 'decide', proof: null, directory: NOBODY_KNOWN, decision: 'reject', by: person('approver2'), requestDigest: asked.requestDigest, comment: null, now };
const settle: OperationCommand = { type: 'settle-uses', outcomes: [{ signOrderId, spent: 2, returned: 1, cause: '3d813cbb-47fb-42ba-91df-831e1593ac01' }], now };

/** What makes each stored event today: a change of its shape shows against the golden file. */
const MADE: Readonly<Record<Type, { readonly given: readonly Type[]; readonly when: OperationCommand; readonly beside?: readonly Type[] }>> = {
  'operations.requested.v1': { given: [], when: { type: 'request', directory: NOBODY_KNOWN, request: asked, now } },
  'operations.decision-challenged.v1': {
    given: [REQUESTED],
    when: { type: 'challenge', by: person('approver1'), challenge: { challengeId: 'a2a3ad5d-1d07-5a07-8a5d-6a3a53c5d1a1', decision: 'approve', statement: '{"type":"countersign/decision/v1"}' }, unanswerable: null, directory: NOBODY_KNOWN, now },
  },
  'operations.approval-given.v1': { given: [REQUESTED], when: approve, beside: [APPROVED] },
  'operations.approved.v1': { given: [REQUESTED], when: approve, beside: [APPROVAL] },
  'operations.approval-withdrawn.v1': { given: [REQUESTED, APPROVAL], when: { type: 'withdraw-approval', directory: NOBODY_KNOWN, by: by('approver1'), now } },
  'operations.rejection-given.v1': { given: [REQUESTED], when: reject, beside: ['operations.rejected.v1'] },
  'operations.rejected.v1': { given: [REQUESTED], when: reject, beside: ['operations.rejection-given.v1'] },
  'operations.revoked.v1': { given: [REQUESTED], when: { type: 'revoke', directory: NOBODY_KNOWN, by: person('admin1', { name: null }), privileged: true, reason: 'the build was wrong', now } },
  'operations.expired.v1': { given: [REQUESTED], when: { type: 'expire', now: { ...now, closing: asked.expiresAt } } },
  'operations.uses-reserved.v1': { given: [REQUESTED, APPROVAL, APPROVED], when: { type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: by('orderer1'), order, digests, keyEnabled: true, lacking: null, unavailable: null, now } },
  'operations.uses-settled.v1': { given: [REQUESTED, APPROVAL, APPROVED, RESERVED], when: settle, beside: [RETURNED] },
  'operations.uses-returned.v1': { given: [REQUESTED, APPROVAL, APPROVED, RESERVED], when: settle, beside: [SETTLED] },
  'operations.exhausted.v1': { given: [], when: settle },
  'operations.review-opened.v1': { given: [], when: settle },
  'operations.review-given.v1': { given: [], when: settle },
  'operations.review-closed.v1': { given: [], when: settle },
  'operations.review-overdue.v1': { given: [], when: settle },
  'operations.reminder-due.v1': { given: [], when: settle },
  'operations.escalated.v1': { given: [], when: settle },
  'operations.decision-refused.v1': { given: [REQUESTED], when: { type: 'record-decision-refusals', by: by('orderer1'), code: 'SELF_APPROVAL', count: 4 } },
  'operations.use-refused.v1': { given: [REQUESTED], when: { type: 'record-use-refusals', by: by('orderer2'), code: 'NOT_YOUR_OPERATION', keyId: null, count: 1 } },
};
const TYPES = Object.keys(MADE) as readonly Type[];

describe('stored events of operations', () => {
  it('each has its golden file, and no other has one', () => expect(readdirSync(TESTDATA).sort()).toEqual(TYPES.map((t) => `${t}.json`).sort()));

  it.each(TYPES)('%s is read as it was written', (type) => expect(decoded(type)).toEqual(golden(type)));

  it.each(TYPES.filter((t) => MADE[t].given.length > 0 || t === REQUESTED))('%s is written as it ever was', (type) => {
    const { given, when, beside = [] } = MADE[type];
    const made = operationDecider.decide(when, fold(...given));
    expect(made.map((e) => e.type).sort()).toEqual([type, ...beside].sort());
    expect(JSON.parse(JSON.stringify(made.find((e) => e.type === type)))).toEqual(golden(type));
  });

  describe('of an emergency', () => {
    const one: PolicyNode = { type: 'approvers', count: 1, group: null, role: 'approver' };
    const admin: PolicyNode = { ...one, role: 'administrator' };
    const policy: Policy = { tree: one, emergency: { tree: { type: 'none' }, reviewWithinMs: 60_000, reviewers: admin }, remindAfterMs: 1_200_000, escalateAfterMs: 1_500_000, escalateTo: admin };
    const before = (emergency: boolean): OperationState => {
      const keyUsages = asked.keyUsages.slice(0, 1).map((k) => ({ ...k, policy: emergency ? { ...policy, tree: { type: 'none' as const } } : policy }));
      return operationDecider.decide({ type: 'request', directory: NOBODY_KNOWN, request: { ...asked, requestedAt: '2026-11-20T12:00:00.000Z', keyUsages, emergency }, now }, operationKind.initialState).reduce((s, e) => operationKind.evolve(s, e), operationKind.initialState);
    };
    const reserved: OperationCommand = { type: 'reserve-uses', inForce: null, directory: NOBODY_KNOWN, by: by('orderer1'), order, digests, keyEnabled: true, lacking: null, unavailable: null, now };
    const opened = [...operationDecider.decide(reserved, before(true))].reduce((s, e) => operationKind.evolve(s, e), before(true));
    const reviewer = person('admin1', { roles: ['administrator'], groups: [], name: 'Ada Admin', claims: {} });
    const review: OperationCommand = { type: 'review', by: reviewer, verdict: 'justified', comment: 'the incident report names it', directory: NOBODY_KNOWN, now };
    const later = { closing: '2026-11-20T12:45:00.000Z', opening: '2026-11-20T12:45:00.000Z' };
    it.each<readonly [Type, OperationState, OperationCommand]>([
      ['operations.review-opened.v1', before(true), reserved],
      ['operations.review-given.v1', opened, review],
      ['operations.review-closed.v1', opened, review],
      ['operations.review-overdue.v1', opened, { type: 'meet-deadline', deadline: 'review', now: later }],
      ['operations.reminder-due.v1', before(false), { type: 'meet-deadline', deadline: 'reminder', now }],
      ['operations.escalated.v1', before(false), { type: 'meet-deadline', deadline: 'escalation', now }],
    ])('%s is written as it ever was', (type, state, command) => expect(JSON.parse(JSON.stringify(operationDecider.decide(command, state).find((e) => e.type === type)))).toEqual(golden(type)));
  });

  it('operations.exhausted.v1 is written as it ever was', () => {
    const once = operationDecider.decide({ type: 'request', directory: NOBODY_KNOWN, request: { ...asked, keyUsages: [{ ...asked.keyUsages[1], maxUsageCount: 1 } as (typeof asked.keyUsages)[number]] }, now }, operationKind.initialState);
    const start = once.reduce((state, event) => operationKind.evolve(state, event), operationKind.initialState);
    const reserved = { ...decoded(RESERVED), data: { ...(golden(RESERVED) as UsesReserved).data, keyId: 'fw-dev', count: 1 } } as OperationEvent;
    const made = operationDecider.decide({ ...settle, outcomes: [{ signOrderId, spent: 1, returned: 0, cause: 'c' }] }, operationKind.evolve(start, reserved));
    expect(made[1]).toEqual(golden('operations.exhausted.v1'));
  });

  it('an unknown one stops the reader', () => {
    for (const type of ['operations.requested.v2', 'operations.requested', 'keys.registered.v1', 'constructor']) expect(() => operationKind.decode(recorded(type, {}))).toThrow(UnknownEventTypeError);
  });
});

describe('stored operations are read as they ever were', () => {
  const actor = by('approver1');
  const decision = { decision: 'approve', by: { ...actor, roles: ['approver'], groups: ['firmware-approvers'] }, name: 'Zoë Müller', claims: { repository: 'acme/firmware' }, at: now.closing, comment: 'looks good' };
  const grants = (reserved: number, spent: number) => asked.keyUsages.map((k, i) => ({ ...k, reserved: i === 0 ? reserved : 0, spent: i === 0 ? spent : 0 }));
  const pending = { status: 'pending', request: asked, grants: grants(0, 0), decisions: [], named: [], open: new Map(), challenges: new Map(), answered: new Set(), review: null, reminded: false, escalated: false, everReserved: false };
  const approved = { ...pending, status: 'approved', decisions: [decision] };
  const open = new Map([[signOrderId, { keyId: 'fw-prod', count: 3, bodyDigest: order.bodyDigest }]]);
  const reserved = { ...approved, open, grants: grants(3, 0), everReserved: true };
  const done: readonly Type[] = [REQUESTED, APPROVAL, APPROVED];
  it.each<readonly [readonly Type[], object]>([
    [[REQUESTED], pending],
    [[REQUESTED, 'operations.decision-refused.v1', 'operations.use-refused.v1'], pending],
    [[REQUESTED, 'operations.decision-challenged.v1'], { ...pending, challenges: new Map([[(golden('operations.decision-challenged.v1') as { readonly data: { readonly challengeId: string } }).data.challengeId, (golden('operations.decision-challenged.v1') as { readonly data: unknown }).data]]) }],
    [[REQUESTED, APPROVAL], { ...pending, decisions: [decision] }],
    [done, approved],
    [[...done, 'operations.approval-withdrawn.v1'], pending],
    [[...done, RESERVED], reserved],
    [[...done, RESERVED, RETURNED], { ...reserved, open: new Map([[signOrderId, { keyId: 'fw-prod', count: 2, bodyDigest: order.bodyDigest }]]), grants: grants(2, 0) }],
    [[...done, RESERVED, RETURNED, SETTLED], { ...reserved, open: new Map(), grants: grants(0, 2) }],
    [[...done, RESERVED, 'operations.revoked.v1'], { ...reserved, status: 'revoked' }],
    [[...done, 'operations.expired.v1'], { ...approved, status: 'expired' }],
    [[...done, 'operations.exhausted.v1'], { ...approved, status: 'exhausted' }],
    [[REQUESTED, 'operations.rejection-given.v1', 'operations.rejected.v1'], { ...pending, status: 'rejected', decisions: [{ ...decision, decision: 'reject', by: { ...decision.by, subject: 'approver2' }, comment: null }] }],
  ])('%j', (types, state) => {
    expect(fold(...types)).toEqual(state);
    // A snapshot of it is the same.
    expect(operationKind.fromJson(JSON.parse(JSON.stringify(operationKind.toJson(fold(...types)))) as never)).toEqual(state);
  });
  it('and end by the clock', () => expect(statusAt(fold(...done), asked.expiresAt)).toBe('expired'));
});

describe('what is remembered of commands (rules 3, 4)', () => {
  it('is what people decide, a bounded number of times; neither orders nor refusals nor our own processes', () => {
    expect(TYPES.filter((t) => operationKind.remembers(decoded(t))).sort()).toEqual([
      'operations.approval-given.v1', 'operations.approval-withdrawn.v1', 'operations.decision-challenged.v1', 'operations.rejection-given.v1', 'operations.requested.v1', 'operations.review-given.v1', 'operations.revoked.v1',
    ]);
  });
});
