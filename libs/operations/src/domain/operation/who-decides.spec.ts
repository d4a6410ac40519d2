// Who may decide where people have deputies, several accounts, and machines.
import type { Directory } from '#identity/contract.js';
import type { Policy, PolicyNode } from '#policies/contract.js';
import type { OperationCommand, Person } from './commands.js';
import { decideOperation } from './decide.js';
import { mayDecideNow } from './decision.js';
import { evolveOperation } from './evolve.js';
import type { Requested } from './events.js';
import type { OperationState } from './state.js';
import { quorumMet } from './status.js';
import { approval, at, DIGEST, fold, key, nowAt, person, rejection, requested } from './testing/given-operation.js';
import { account, directoryFor } from './testing/people.js';
import type { Society } from './testing/people.js';

const NOW = nowAt('12:30');
const fw = (count: number, group: string | null = 'fw'): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });
const over = (policy: Policy, more: Partial<Requested['data']> = {}): OperationState => fold(requested([key('k', policy)], more));
const decision = (by: Person, directory: Directory, kind: 'approve' | 'reject' = 'approve'): OperationCommand => ({ type: 'decide', decision: kind, by, requestDigest: DIGEST, comment: null, proof: null, directory, now: NOW });
/** The state after it, or the code of its refusal. */
const tell = (state: OperationState, command: OperationCommand): OperationState | string => {
  try {
    return decideOperation(command, state).reduce(evolveOperation, state);
  } catch (error) {
    return (error as { readonly code: string }).code;
  }
};
const told = (state: OperationState, ...commands: readonly OperationCommand[]): OperationState =>
  commands.reduce((before, command) => {
    const after = tell(before, command);
    if (typeof after === 'string') throw new Error(after);
    return after;
  }, state);
/** How a decision ends: the code of its refusal, or the state. */
const outcome = (state: OperationState, by: Person, directory: Directory, kind: 'approve' | 'reject' = 'approve'): string => {
  const after = tell(state, decision(by, directory, kind));
  return typeof after === 'string' ? after : after.status;
};
const DEE = person('dee', { groups: [] });
const BOSS = person('boss');
/** dee stands in for boss. */
const STAND_IN: Society = { deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw'] } }, seen: { boss: ['fw'] } };
const EXCLUDING: Policy = { tree: fw(1), excludedGroups: ['contractors'] };

describe('groups that shut somebody out', () => {
  const given = (policy: Policy, by: Person, society: Society) => {
    const directory = directoryFor({ ...STAND_IN, ...society });
    const listed = mayDecideNow(over(policy), by, NOW.closing, directory);
    const after = outcome(over(policy), by, directory);
    expect(listed).toBe(after === 'approved');
    return after;
  };
  const bothOf: Society = { exclusive: [['fw', 'builders']] };
  it.each<[string, Policy, Person, Society]>([
    ['the deputy’s own', EXCLUDING, { ...DEE, groups: ['contractors'] }, {}],
    ['the deputy’s own, by the roster', EXCLUDING, DEE, { rosters: { fw: ['boss'], contractors: ['dee'] } }],
    ['the deputy’s other account’s', EXCLUDING, DEE, { people: [{ accounts: ['dee', 'dee-2'] }], seen: { boss: ['fw'], 'dee-2': ['contractors'] } }],
    ['the principal’s, though the deputy does not bring it', EXCLUDING, DEE, { seen: { boss: ['fw', 'contractors'] } }],
    ['the principal’s other account’s', EXCLUDING, DEE, { people: [{ accounts: ['boss', 'boss-2'] }], seen: { boss: ['fw'], 'boss-2': ['contractors'] } }],
    ['an approver’s other account’s', EXCLUDING, BOSS, { people: [{ accounts: ['boss', 'boss-2'] }], seen: { boss: ['fw'], 'boss-2': ['contractors'] } }],
    ['an approver’s other account’s, by the roster', EXCLUDING, BOSS, { people: [{ accounts: ['boss', 'boss-2'] }], rosters: { fw: ['boss'], contractors: ['boss-2'] } }],
    ['those of who owns the machine', EXCLUDING, person('bot'), { people: [{ accounts: ['ann', 'ann-2'], owns: ['bot'] }], seen: { 'ann-2': ['contractors'] } }],
    ['two of the deputy', fw(1), { ...DEE, groups: ['fw', 'builders'] }, bothOf],
    ['two of the principal', fw(1), DEE, { ...bothOf, seen: { boss: ['fw', 'builders'] } }],
    ['two of two accounts', fw(1), BOSS, { ...bothOf, people: [{ accounts: ['boss', 'boss-2'] }], seen: { 'boss-2': ['builders'] } }],
  ])('keep him from approving: %s', (_, policy, by, society) => expect(given(policy, by, society)).toBe('NOT_ELIGIBLE'));
  it.each<[string, Policy, Person, Society]>([
    ['one of a pair, the deputy’s', fw(1), { ...DEE, groups: ['builders'] }, bothOf],
    ['one of the deputy’s, one of the principal’s', fw(1), { ...DEE, groups: ['builders'] }, { ...bothOf, seen: { boss: ['fw'] } }],
    ['a machine’s of his', { tree: fw(1), excludedGroups: ['machines'] }, BOSS, { people: [{ accounts: ['boss'], owns: ['bot'] }], rosters: { fw: ['boss'], machines: ['bot'] } }],
  ])('are no one else’s: %s', (_, policy, by, society) => expect(given(policy, by, society)).toBe('approved'));
  it('count at use as well', () => {
    const approved = told(over(EXCLUDING), decision(DEE, directoryFor(STAND_IN)));
    expect(quorumMet(approved, at('12:31'), directoryFor(STAND_IN))).toBe(true);
    for (const seen of [{ boss: ['fw'], dee: ['contractors'] }, { boss: ['fw', 'contractors'] }]) expect(quorumMet(approved, at('12:31'), directoryFor({ ...STAND_IN, seen }))).toBe(false);
  });
  it('are those of now: what he left does not keep him out', () => {
    const approved = fold(requested([key('k', fw(1))]), approval({ ...BOSS, groups: ['fw', 'builders'] }));
    const seen = { at: at('12:31'), roles: ['approver'], groups: ['fw'] };
    expect(quorumMet(approved, at('12:32'), directoryFor({ ...bothOf, seen: { boss: ['fw'] } }))).toBe(false);
    expect(quorumMet(approved, at('12:32'), directoryFor({ ...bothOf, seen: { boss: seen } }))).toBe(true);
  });
});

describe('what a deputy brings', () => {
  const both: PolicyNode = { type: 'anyOf', of: [fw(1, 'fw'), fw(1, 'hw')] };
  it('is what his principal is, whatever was named', () => {
    const named: Society = { deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw', 'hw'] } }, seen: { boss: ['fw'] } };
    expect(told(over({ tree: both, evaluateEligibility: 'atDecision' }), decision(DEE, directoryFor(named))).decisions).toMatchObject([{ onBehalfOf: { groups: ['fw'] } }]);
  });
  it('is nothing of who is no approver any more', () =>
    expect(outcome(over(fw(1)), DEE, directoryFor({ ...STAND_IN, seen: { boss: { at: at('12:00'), roles: ['orderer'], groups: ['fw'] } } }))).toBe('NOT_ELIGIBLE'));
});

describe('what is between people', () => {
  const by = (subject: string): Partial<Requested['data']> => ({ requestedBy: account(subject) });
  const society: Society = { ...STAND_IN, people: [{ accounts: ['ann'], owns: ['bot-1', 'bot-2'] }, { accounts: ['boss', 'boss-2'], owns: ['bot-3'] }] };
  it.each([
    ['a machine for another of its owner', 'bot-1', person('bot-2')], ['a machine for its owner', 'ann', person('bot-1')], ['an owner for his machine', 'bot-1', person('ann')],
    ['a deputy for a machine of whom he stands in for', 'bot-3', DEE], ['a deputy for whom he stands in for', 'boss-2', DEE], ['an account for another of the same human', 'boss', person('boss-2')],
  ])('nobody approves for himself: %s', (_, requester, approver) => {
    expect(outcome(over(fw(1), by(requester)), approver, directoryFor(society))).toBe('SELF_APPROVAL');
    // Nor does what a store says that he approved count.
    expect(quorumMet(fold(requested([key('k', fw(1))], by(requester)), approval(approver)), at('12:30'), directoryFor(society))).toBe(false);
  });
  it('a deputy of who asked does not approve in another’s name, nor is who asked approved for', () => {
    const directory = directoryFor({ deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw'] }, d2: { principal: 'ann', deputy: 'dee', groups: ['fw'] } }, seen: { boss: ['fw'], ann: ['fw'] } });
    expect(outcome(over(fw(1), by('ann')), DEE, directory)).toBe('SELF_APPROVAL');
    // boss owns what asked: his deputy is the machine’s.
    const owned = directoryFor({ ...STAND_IN, people: [{ accounts: ['boss'], owns: ['bot-3'] }] });
    expect(outcome(over(fw(1), by('bot-3')), DEE, owned)).toBe('SELF_APPROVAL');
  });
  it('an owner and what he owns fill one slot', () => {
    const directory = directoryFor(society);
    const machines = told(over(fw(2)), decision(person('bot-1'), directory), decision(person('bot-2'), directory));
    expect(machines.status).toBe('pending');
    expect(told(machines, decision(person('ann'), directory)).status).toBe('pending');
    expect(told(machines, decision(BOSS, directory)).status).toBe('approved');
  });
  it('what a suspended human owns does not approve', () => expect(outcome(over(fw(1)), person('bot-1'), directoryFor({ people: [{ accounts: ['ann'], owns: ['bot-1'], suspended: true }] }))).toBe('NOT_ELIGIBLE'));
});

describe('a deputy whose approval would count for nothing', () => {
  const directory = directoryFor({ deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw'] }, d2: { principal: 'boss', deputy: 'dan', groups: ['fw'] }, d3: { principal: 'ann', deputy: 'dan', groups: ['fw'] } }, seen: { boss: ['fw'], ann: ['fw'] } });
  const DAN = person('dan', { groups: [] });
  const idle = (state: OperationState, by: Person): void => {
    expect(outcome(state, by, directory)).toBe('ALREADY_DECIDED');
    expect(tell(state, { type: 'challenge', by, challenge: { challengeId: 'c', decision: 'approve', statement: 's' }, unanswerable: null, directory, now: NOW })).toBe('ALREADY_DECIDED');
    expect(mayDecideNow(state, by, NOW.closing, directory)).toBe(false);
  };
  it('is told so, and not asked', () => {
    idle(told(over(fw(3)), decision(BOSS, directory)), DEE);
    idle(told(over({ tree: fw(3), rejectionsToReject: 2 }), decision(BOSS, directory, 'reject')), DEE);
    idle(told(over(fw(3)), decision(DAN, directory)), DEE);
  });
  it('decides for another, where there is one', () => {
    const state = told(over(fw(3)), decision(BOSS, directory));
    expect(mayDecideNow(state, DAN, NOW.closing, directory)).toBe(true);
    expect(told(state, decision(DAN, directory)).decisions).toMatchObject([{}, { onBehalfOf: { deputyId: 'd3' } }]);
  });
  it('may still reject', () => expect(outcome(told(over(fw(3)), decision(BOSS, directory)), DEE, directory, 'reject')).toBe('rejected'));
  it('is not approved for, who rejected', () => {
    const state = told(over({ tree: fw(1), rejectionsToReject: 2 }), decision(BOSS, directory, 'reject'));
    expect(quorumMet({ ...state, decisions: [...state.decisions, ...fold(approval(DEE)).decisions.map((d) => ({ ...d, onBehalfOf: { deputyId: 'd1', principal: account('boss'), groups: ['fw'] } }))] }, NOW.closing, directory)).toBe(false);
  });
});

describe('rejections', () => {
  const two = (tree: PolicyNode): Policy => ({ tree, rejectionsToReject: 2 });
  const directory = directoryFor({ deputies: { d1: { principal: 'boss', deputy: 'dee', groups: ['fw'] }, d2: { principal: 'boss', deputy: 'dan', groups: ['fw'] }, d3: { principal: 'ann', deputy: 'dan', groups: ['fw'] } }, seen: { boss: ['fw'], ann: ['fw'] } });
  const [DAN, ANN] = [person('dan', { groups: [] }), person('ann')];
  const rejected = (state: OperationState, ...people: readonly Person[]) => told(state, ...people.map((by) => decision(by, directory, 'reject'))).status;
  it('of a human and of who stands in for him are one', () => {
    expect(rejected(over(two(fw(1))), BOSS, DEE)).toBe('pending');
    expect(rejected(over(two(fw(1))), DEE, BOSS)).toBe('pending');
    expect(rejected(over(two(fw(1))), DEE, ANN)).toBe('rejected');
    expect(rejected(over(two(fw(1))), BOSS, DEE, ANN)).toBe('rejected');
  });
  it('of a deputy are of whom nobody rejected for yet', () => expect(rejected(over(two(fw(1))), BOSS, DAN)).toBe('rejected'));
  it('of a deputy are judged by what he brings: a policy that does not name it is not rejected', () => {
    const both = fold(requested([key('a', two(fw(1, 'fw'))), key('b', { tree: fw(1, 'hw') })]));
    expect(rejected(both, DEE)).toBe('pending');
    expect(rejected(both, DEE, ANN)).toBe('rejected');
    expect(rejected(both, person('hugo', { groups: ['hw'] }))).toBe('rejected');
  });
  it('of people for different keys are not added up', () => {
    const both = fold(requested([key('a', two(fw(1, 'fw'))), key('b', two(fw(1, 'hw')))]));
    expect(rejected(both, BOSS, person('hugo', { groups: ['hw'] }))).toBe('pending');
    expect(rejected(both, BOSS, person('hugo', { groups: ['hw'] }), person('max', { groups: ['fw', 'hw'] }))).toBe('rejected');
  });
  it('stay, whatever becomes of who gave them', () => {
    const state = told(over({ ...(two(fw(1)) as object), tree: fw(1), requiredProof: 'signature' }), decision(BOSS, directoryFor({ rosters: { fw: ['boss', 'ann'] } }), 'reject'));
    expect(outcome(state, ANN, directoryFor({ people: [{ accounts: ['boss'], suspended: true }], rosters: { fw: ['ann'] } }), 'reject')).toBe('rejected');
  });
});

describe('one human with two accounts', () => {
  const directory = directoryFor({ people: [{ accounts: ['boss', 'boss-2'] }] });
  const policy: Policy = { tree: fw(2), rejectionsToReject: 2, approvalValidityMs: 60_000 };
  it('has decided under either', () => {
    const lapsed = fold(requested([key('k', policy)]), approval(BOSS), rejection(person('boss-2')));
    const later = nowAt('12:35');
    for (const by of [BOSS, person('boss-2')]) {
      expect(tell(lapsed, { ...decision(by, directory), now: later } as OperationCommand)).toBe('ALREADY_DECIDED');
      expect(mayDecideNow(lapsed, by, later.closing, directory)).toBe(false);
    }
    expect(lapsed.decisions.filter((d) => d.decision === 'reject')).toHaveLength(1);
  });
  it('approves anew under either, and once', () => {
    const lapsed = fold(requested([key('k', policy)]), approval(BOSS));
    const anew = tell(lapsed, { ...decision(person('boss-2'), directory), now: nowAt('12:35') } as OperationCommand) as OperationState;
    expect(anew.decisions).toHaveLength(2);
    expect(tell(anew, { ...decision(BOSS, directory), now: nowAt('12:35') } as OperationCommand)).toBe(anew);
  });
});
