// Ways in which others have let a request through, each tried here.
import fc from 'fast-check';
import { accountKey, NOBODY_KNOWN } from '#identity/contract.js';
import type { Credential, Directory } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { parsePolicy } from '#policies/contract.js';
import type { Policy, PolicyNode, PolicyPrincipal } from '#policies/contract.js';
import type { OperationCommand, Person } from './commands.js';
import { decideOperation } from './decide.js';
import { mayDecideNow } from './decision.js';
import type { OperationEvent } from './events.js';
import { evolveOperation } from './evolve.js';
import type { OperationState } from './state.js';
import { quorumMet, statusAt } from './status.js';
import { ADMINISTRATOR, approval, approvers, approved, at, fold, key, nowAt, ONE, ORDERER, person, rejection, requested, reserve, THREE, TWO } from './testing/given-operation.js';

const NOON = nowAt('12:30');
const known = (over: Partial<Directory>): Directory => ({ ...NOBODY_KNOWN, ...over });
const tell = (state: OperationState, command: OperationCommand): OperationState | string => {
  try {
    return decideOperation(command, state).reduce(evolveOperation, state);
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
};
const decision = (by: Person, over: Partial<Extract<OperationCommand, { type: 'decide' }>> = {}): OperationCommand => ({
  type: 'decide', decision: 'approve', by, requestDigest: 'request-digest', comment: null, proof: null, directory: NOBODY_KNOWN, now: NOON, ...over,
});
const pendingOver = (policy: Policy): OperationState => fold(requested([key('fw-prod', policy)]));
const all = (...of: readonly PolicyNode[]): PolicyNode => ({ type: 'allOf', of });
const fw = (count: number, group = 'fw'): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });

describe('a threshold that asks for nobody', () => {
  it.each([{ type: 'approvers' }, { type: 'approvers', count: 0 }, { type: 'approvers', count: -1 }, { type: 'threshold', of: [{ type: 'none' }] }, { type: 'threshold', k: 0, of: [{ type: 'none' }] }, { type: 'allOf', of: [] }, { type: 'anyOf', of: [] }, { type: 'sequence' }, {}])('%j is no policy', (policy) =>
    expect(parsePolicy(policy, '')).toHaveProperty('faults'));
  it('is not met by nobody', () => {
    for (const policy of [fw(1), all(fw(1)), { type: 'anyOf', of: [fw(1), fw(2)] }, { type: 'threshold', k: 1, of: [fw(1)], weights: null }, { type: 'sequence', of: [fw(1)] }] as const) expect(pendingOver(policy).status).toBe('pending');
  });
});

describe('the requester as an approver', () => {
  const self = person('orderer1');
  const second = person('orderer1-admin');
  const twin = known({ personOf: (a: Actor) => (a.subject.startsWith('orderer1') ? 'olga' : accountKey(a)), relation: (requester, account) => (account.subject.startsWith('orderer1') && requester.subject.startsWith('orderer1') ? 'self' : undefined) });
  it('is refused in every place of the list of decisions', () => {
    for (const before of [[], [approval(ONE)], [approval(ONE), approval(THREE)]] as const) expect(tell(fold(requested([key('fw-prod', approvers(4))]), ...before), decision(self))).toBe('SELF_APPROVAL');
  });
  it('is refused though his group approves', () => expect(tell(pendingOver(fw(1)), decision({ ...self, groups: ['fw'] }))).toBe('SELF_APPROVAL'));
  it('is refused under a second account of the same human', () => expect(tell(pendingOver(fw(1)), decision(second, { directory: twin }))).toBe('SELF_APPROVAL'));
  it('is refused as his delegate, and as the owner of the pipeline that asked', () => {
    for (const relation of ['delegate', 'owner'] as const) expect(tell(pendingOver(fw(1)), decision(ONE, { directory: known({ relation: () => relation }) }))).toBe('SELF_APPROVAL');
  });
  it('does not count where the log says that he approved', () => {
    for (const who of [self, second]) expect(quorumMet(fold(requested([key('fw-prod', fw(1))]), approval(who)), at('12:30'), twin)).toBe(false);
  });
});

describe('one person for two', () => {
  const one = known({ personOf: (a: Actor) => (a.subject.startsWith('approver') ? 'the same' : accountKey(a)) });
  const both = all(fw(1, 'fw'), fw(1, 'hw'));
  it('does not fill two slots, though he is in both groups', () => {
    const ana = person('ana', { groups: ['fw', 'hw'] });
    const state = tell(pendingOver(both), decision(ana));
    expect(state).toMatchObject({ status: 'pending' });
    expect(tell(state as OperationState, decision(person('ben', { groups: ['hw'] })))).toMatchObject({ status: 'approved' });
  });
  it('does not count twice under two accounts', () => {
    expect(quorumMet(fold(requested([key('fw-prod', fw(2))]), approval(ONE), approval(TWO)), at('12:30'), one)).toBe(false);
    expect(tell(fold(requested([key('fw-prod', fw(2))]), approval(ONE)), decision(TWO, { directory: one }))).toMatchObject({ status: 'pending' });
  });
  it('does not count for himself and for whom he stands in for', () => {
    const boss = person('boss');
    const standIn = { deputyId: 'd1', principal: { issuer: boss.issuer, subject: boss.subject }, groups: ['fw'] };
    const deputised = known({ principalsOf: (a) => (a.subject === 'deputy' ? [standIn] : []), seen: (a, now) => (a.subject === 'boss' ? { at: now, roles: ['approver'], groups: ['fw'] } : undefined) });
    const deputy = person('deputy', { groups: [] });
    const state = tell(pendingOver(fw(2)), decision(deputy, { directory: deputised }));
    expect(state).toMatchObject({ status: 'pending', decisions: [{ onBehalfOf: standIn }] });
    // The boss himself, and another deputy of his, are the same human once more.
    expect(tell(state as OperationState, decision(boss, { directory: deputised }))).toMatchObject({ status: 'pending' });
    expect(tell(state as OperationState, decision(ONE, { directory: deputised }))).toMatchObject({ status: 'approved' });
  });
});

describe('where all is asked for', () => {
  it('one of them is not enough', () => {
    const state = tell(pendingOver(all(fw(1, 'fw'), fw(1, 'hw'))), decision(ONE));
    expect(state).toMatchObject({ status: 'pending' });
    expect(tell(fold(requested([key('a', fw(1, 'fw')), key('b', fw(1, 'hw'))])), decision(ONE))).toMatchObject({ status: 'pending' });
  });
  it('what a level demands is asked for beside the key’s own', () => {
    const levels = [{ policy: fw(2), name: null, version: null, level: 'L2' as const }];
    const state = tell(fold(requested([{ ...key('fw-prod', fw(1)), demands: levels }])), decision(ONE));
    expect(state).toMatchObject({ status: 'pending' });
    expect(tell(state as OperationState, decision(TWO))).toMatchObject({ status: 'approved' });
  });
});

describe('a rejection', () => {
  const rejected = tell(pendingOver(fw(1)), decision(ONE, { decision: 'reject' })) as OperationState;
  it('sticks, whoever approves after it', () => {
    expect(rejected.status).toBe('rejected');
    for (const who of [TWO, THREE]) expect(tell(rejected, decision(who))).toBe('OPERATION_REJECTED');
    expect(tell(fold(requested([key('fw-prod', fw(1))]), rejection(ONE)), decision(ONE))).toBe('ALREADY_DECIDED');
  });
  it('of one of two that are asked for leaves it pending, and the second ends it', () => {
    const state = tell(pendingOver({ tree: fw(1), rejectionsToReject: 2 }), decision(ONE, { decision: 'reject' })) as OperationState;
    expect(state.status).toBe('pending');
    expect(tell(state, decision(TWO, { decision: 'reject' }))).toMatchObject({ status: 'rejected' });
  });
});

describe('an approver who is one no more', () => {
  const done = fold(requested([key('fw-prod', fw(2))]), approval(ONE), approval(TWO), approved);
  const order = (directory: Directory) => tell(done, { ...reserve('o', { keyId: 'fw-prod' }), directory } as OperationCommand);
  const told = (groups: readonly string[], atTime = at('12:31')): Directory => known({ seen: (a) => (a.subject === 'approver1' ? { at: atTime, roles: ['approver'], groups } : undefined) });
  it('does not count at use: out of the group, suspended, or not seen for a day', () => {
    expect(order(NOBODY_KNOWN)).toMatchObject({ everReserved: true });
    expect(order(told(['fw']))).toMatchObject({ everReserved: true });
    expect(order(told([]))).toBe('OPERATION_NOT_APPROVED');
    expect(order(known({ isSuspended: (a) => a.subject === 'approver1' }))).toBe('OPERATION_NOT_APPROVED');
    const later = { closing: '2026-11-21T12:30:00.000Z', opening: '2026-11-21T12:30:00.000Z' };
    const long = fold(requested([key('fw-prod', fw(2))], { expiresAt: '2026-11-30T00:00:00.000Z' }), approval(ONE), approval(TWO), approved);
    expect(tell(long, { ...reserve('o', { keyId: 'fw-prod', now: later }) })).toBe('OPERATION_NOT_APPROVED');
    // He, or another, may approve anew.
    expect(tell(long, decision(THREE, { now: later }))).toMatchObject({ decisions: [{}, {}, { by: { subject: 'approver3' } }] });
    expect(tell(long, decision(ONE, { now: later }))).toMatchObject({ decisions: [{ by: { subject: 'approver2' } }, { by: { subject: 'approver1' }, at: later.closing }] });
  });
  it('counts as he was where the policy looks at the decision alone', () => {
    const state = fold(requested([key('fw-prod', { tree: fw(2), evaluateEligibility: 'atDecision' })]), approval(ONE), approval(TWO), approved);
    expect(tell(state, { ...reserve('o', { keyId: 'fw-prod' }), directory: told([]) } as OperationCommand)).toMatchObject({ everReserved: true });
  });
  it('whose approval is too old is asked anew', () => {
    const state = fold(requested([key('fw-prod', { tree: fw(2), approvalValidityMs: 60_000 })]), approval(ONE), approval(TWO), approved);
    expect([statusAt(state, at('12:30:59.999')), statusAt(state, at('12:31'))]).toEqual(['approved', 'pending']);
    expect(mayDecideNow(state, ONE, at('12:31'), NOBODY_KNOWN)).toBe(true);
    expect(tell(state, { ...reserve('o', { keyId: 'fw-prod', now: nowAt('12:31') }) })).toBe('OPERATION_NOT_APPROVED');
    expect(tell(state, decision(ONE, { now: nowAt('12:31') }))).toMatchObject({ decisions: [{ by: { subject: 'approver2' } }, { by: { subject: 'approver1' }, at: at('12:31') }] });
  });
});

describe('a signed decision', () => {
  const signed: Policy = { tree: fw(1), requiredProof: 'signature' };
  const credential: Credential = { credentialId: 'c1', owner: { issuer: ONE.issuer, subject: ONE.subject }, label: 'l', status: 'active', createdAt: at('11:00'), key: { type: 'jwk', publicJwk: { kty: 'OKP', crv: 'Ed25519', x: 'x' } } };
  const withStatus = (status: Credential['status']): Directory => known({ credential: (id) => (id === 'c1' ? { ...credential, status } : undefined) });
  const challenged = (by: Person, over: object = {}): OperationEvent => ({ type: 'operations.decision-challenged.v1', data: { challengeId: 'ch', by: { issuer: by.issuer, subject: by.subject }, decision: 'approve', statement: 's', at: at('12:29'), expiresAt: at('12:34'), ...over } });
  const offered = { challengeId: 'ch', proof: { type: 'jws', challengeId: 'ch', jws: 'j', credentialId: 'c1', statement: 's' } } as const;
  const given = (events: readonly OperationEvent[], by: Person = ONE, over: Partial<Extract<OperationCommand, { type: 'decide' }>> = {}) =>
    tell(fold(requested([key('fw-prod', signed)]), ...events), decision(by, { proof: offered, directory: withStatus('active'), ...over }));

  it('is asked for', () => expect(given([], ONE, { proof: null })).toBe('PROOF_REQUIRED'));
  it('is taken once, for the person, the decision and the time that its challenge was for', () => {
    expect(given([challenged(ONE)])).toMatchObject({ status: 'approved' });
    expect(given([])).toBe('CHALLENGE_MISMATCH');
    expect(given([challenged(TWO)])).toBe('CHALLENGE_MISMATCH');
    expect(given([challenged(ONE, { decision: 'reject' })])).toBe('CHALLENGE_MISMATCH');
    expect(given([challenged(ONE, { statement: 'other bytes than were shown' })])).toBe('CHALLENGE_MISMATCH');
    expect(given([challenged(ONE, { expiresAt: at('12:30') })])).toBe('CHALLENGE_EXPIRED');
  });
  it('sent again changes nothing, and does not come back after a withdrawal', () => {
    const once = given([challenged(ONE)]) as OperationState;
    expect(decideOperation(decision(ONE, { proof: offered, directory: withStatus('active') }), once)).toEqual([]);
    const withdrawn = tell(once, { type: 'withdraw-approval', by: ONE, directory: withStatus('active'), now: NOON }) as OperationState;
    expect(withdrawn.status).toBe('pending');
    expect(tell(withdrawn, decision(ONE, { proof: offered, directory: withStatus('active') }))).toBe('CHALLENGE_USED');
  });
  it('does not count when its credential is suspended or revoked, or another’s', () => {
    const once = given([challenged(ONE)]) as OperationState;
    const order = (directory: Directory) => tell(once, { ...reserve('o', { keyId: 'fw-prod' }), directory } as OperationCommand);
    expect(order(withStatus('active'))).toMatchObject({ everReserved: true });
    for (const status of ['suspended', 'revoked', 'proposed'] as const) expect(order(withStatus(status))).toBe('OPERATION_NOT_APPROVED');
    expect(order(known({ credential: () => ({ ...credential, owner: { issuer: TWO.issuer, subject: TWO.subject } }) }))).toBe('OPERATION_NOT_APPROVED');
    expect(order(NOBODY_KNOWN)).toBe('OPERATION_NOT_APPROVED');
  });
  it('by a file is none by a passkey', () => {
    const passkey = fold(requested([key('fw-prod', { tree: fw(1), requiredProof: 'webauthn' })]), challenged(ONE));
    expect(tell(passkey, decision(ONE, { proof: offered, directory: withStatus('active') }))).toBe('PROOF_REQUIRED');
  });
  it('is not needed to reject', () => expect(given([], ONE, { proof: null, decision: 'reject' })).toMatchObject({ status: 'rejected' }));
});

describe('groups that exclude each other', () => {
  it('leave nothing to decide to whoever is in both', () => {
    const apart = known({ exclusive: [['fw', 'builders']] });
    expect(tell(pendingOver(fw(1)), decision({ ...ONE, groups: ['fw', 'builders'] }, { directory: apart }))).toBe('NOT_ELIGIBLE');
    expect(quorumMet(fold(requested([key('fw-prod', fw(1))]), approval({ ...ONE, groups: ['fw', 'builders'] })), at('12:30'), apart)).toBe(false);
  });
});

describe('a roster', () => {
  const signed: Policy = { tree: fw(1), requiredProof: 'signature' };
  const inGroups = (groups: readonly string[]): Directory => known({ rosterGroups: () => groups });
  it('is narrowed by a token and never widened', () => {
    const state = pendingOver(signed);
    expect(mayDecideNow(state, ONE, at('12:30'), inGroups(['fw']))).toBe(true);
    expect(mayDecideNow(state, ONE, at('12:30'), inGroups([]))).toBe(false);
    expect(mayDecideNow(state, { ...ONE, groups: [] }, at('12:30'), inGroups(['fw']))).toBe(false);
  });
});

describe('an order', () => {
  it('is held to what the policy is by now as well', () => {
    const state = fold(requested([key('fw-prod', fw(1))]), approval(ONE), approved);
    const order = (policy: Policy) => tell(state, { ...reserve('o', { keyId: 'fw-prod' }), inForce: [{ policy, name: null, version: null, level: null }] } as OperationCommand);
    expect(order(fw(1))).toMatchObject({ everReserved: true });
    expect(order({ type: 'none' })).toMatchObject({ everReserved: true });
    expect(order(fw(2))).toBe('OPERATION_NOT_APPROVED');
    expect(order(fw(1, 'hw'))).toBe('OPERATION_NOT_APPROVED');
    const hours = { timeZone: 'UTC', days: ['fri'], from: '08:00', to: '12:00' } as const;
    expect(order({ tree: fw(1), allowedHours: hours })).toBe('OPERATION_NOT_YET_VALID');
    expect(order({ tree: fw(1), allowedHours: { ...hours, to: '13:00' } })).toMatchObject({ everReserved: true });
  });
  it('waits for its hours', () => {
    const hours = { timeZone: 'UTC', days: ['fri'], from: '08:00', to: '12:00' } as const;
    expect(tell(fold(requested([key('fw-prod', { tree: { type: 'none' }, allowedHours: hours })]), approved), reserve('o', { keyId: 'fw-prod' }))).toBe('OPERATION_NOT_YET_VALID');
    expect(tell(fold(requested([key('fw-prod', { tree: { type: 'none' }, allowedHours: { ...hours, to: '13:00' } })]), approved), reserve('o', { keyId: 'fw-prod' }))).toMatchObject({ everReserved: true });
    const anyTime = fold(requested([key('fw-prod', { type: 'none' })]), approved);
    const inForce = (to: string) => ({ ...reserve('o', { keyId: 'fw-prod' }), inForce: [{ policy: { tree: { type: 'none' }, allowedHours: { ...hours, to } }, name: null, version: null, level: null }] }) as OperationCommand;
    expect([tell(anyTime, inForce('12:00')), tell(anyTime, inForce('13:00'))]).toEqual(['OPERATION_NOT_YET_VALID', expect.objectContaining({ everReserved: true })]);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 2 ** 53, 4])('of %d uses is not covered by three', (count) =>
    expect(typeof tell(fold(requested([key('fw-prod', { type: 'none' })]), approved), { ...reserve('o', { keyId: 'fw-prod', count: 1 }), order: { ...(reserve('o', { keyId: 'fw-prod' }) as Extract<OperationCommand, { type: 'reserve-uses' }>).order, count } } as OperationCommand)).toBe('string'));
});

describe('random policies and random decisions', () => {
  const people: readonly Person[] = ['a', 'b', 'c', 'd', 'e'].map((s, i) => person(s, { groups: [['fw'], ['hw'], ['fw', 'hw'], ['qa'], ['fw', 'qa']][i] ?? [] }));
  const leaf: fc.Arbitrary<PolicyNode> = fc.record({ type: fc.constant('approvers' as const), count: fc.integer({ min: 1, max: 2 }), group: fc.constantFrom('fw', 'hw', 'qa', null), role: fc.constant('approver') });
  const node = (depth: number): fc.Arbitrary<PolicyNode> =>
    depth === 0 ? leaf : fc.oneof(leaf, fc.array(node(depth - 1), { minLength: 1, maxLength: 3 }).chain((of) => fc.oneof(fc.constantFrom('allOf' as const, 'anyOf' as const, 'sequence' as const).map((type): PolicyNode => ({ type, of })), fc.integer({ min: 1, max: of.length }).map((k): PolicyNode => ({ type: 'threshold', k, of, weights: null })))));

  /** Every way to leave people over after a node is filled: tries all. */
  function* fillings(n: PolicyNode, left: readonly PolicyPrincipal[]): Generator<readonly PolicyPrincipal[]> {
    if (n.type === 'none') yield left;
    else if (n.type === 'approvers') yield* picks(n.count, left, (p) => n.group === null || p.groups.includes(n.group));
    else if (n.type === 'anyOf') for (const child of n.of) yield* fillings(child, left);
    else if (n.type === 'threshold') for (const some of subsets(n.of, n.k)) yield* inTurn(some, left);
    else yield* inTurn(n.of, left);
  }
  function* picks(count: number, left: readonly PolicyPrincipal[], fits: (p: PolicyPrincipal) => boolean): Generator<readonly PolicyPrincipal[]> {
    if (count === 0) yield left;
    else for (const p of left) if (fits(p)) yield* picks(count - 1, left.filter((q) => q !== p), fits);
  }
  function* inTurn(of: readonly PolicyNode[], left: readonly PolicyPrincipal[]): Generator<readonly PolicyPrincipal[]> {
    const [first, ...rest] = of;
    if (first === undefined) yield left;
    else for (const over of fillings(first, left)) yield* inTurn(rest, over);
  }
  const subsets = (of: readonly PolicyNode[], k: number): readonly (readonly PolicyNode[])[] => (k === 0 ? [[]] : of.flatMap((n, i) => subsets(of.slice(i + 1), k - 1).map((rest) => [n, ...rest])));
  const met = (n: PolicyNode, who: readonly PolicyPrincipal[]): boolean => !(fillings(n, who).next().done ?? true);

  it('come to what trying every assignment of different people comes to, and the queue shows what may be decided', () => {
    fc.assert(fc.property(node(2), fc.shuffledSubarray([...people]), (tree, who) => {
      let state = pendingOver(tree);
      const approving: Person[] = [];
      for (const by of who) {
        const listed = mayDecideNow(state, by, at('12:30'), NOBODY_KNOWN);
        const next = tell(state, decision(by));
        // What is shown is what is accepted.
        expect(listed).toBe(typeof next !== 'string' && next !== state);
        if (typeof next === 'string') continue;
        state = next;
        approving.push(by);
        expect(state.status).toBe(met(tree, approving) ? 'approved' : 'pending');
        if (state.status === 'approved') return;
      }
    }), { numRuns: 400 });
  });
});

it('administrators are no approvers by their role', () => expect(tell(pendingOver(fw(1)), decision({ ...ADMINISTRATOR, groups: ['fw'] }))).toBe('NOT_ELIGIBLE'));
it('the requester reads what he may not decide', () => expect(mayDecideNow(pendingOver(fw(1)), ORDERER, at('12:30'), NOBODY_KNOWN)).toBe(false));
