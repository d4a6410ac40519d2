import { account, GateWorld, TWO_SIGNED } from './gate-world.js';
import type { Request, SigningPerson } from './gate-world.js';

const FW = ['eve', 'fay', 'gil'].map(account);
const roster = (members: Readonly<Record<string, readonly string[]>>): object => ({ rosters: [{ group: 'fw', members: FW }, ...Object.entries(members).map(([group, subjects]) => ({ group, members: subjects.map(account) }))] });
const EXCLUDING = { ...TWO_SIGNED, excludedGroups: ['contractors'] };
const AT_DECISION = { ...TWO_SIGNED, evaluateEligibility: 'atDecision' };
const APART = { separation: { exclusive: [['fw', 'builders']], mutualWithinDays: 0 } };
const linked = (...accounts: readonly string[]): object => ({ people: [{ personId: 'one', accounts: accounts.map(account), owns: [] }] });

describe('what is stored of deputies, accounts and machines', () => {
  let world: GateWorld | undefined;
  afterEach(() => world?.stop());

  /** eve approves; zoe approves in the name of fay, who named her in time. */
  async function outcome(policy: unknown, genesis: object, approvals: (w: GateWorld, r: Request, standIn: (by: SigningPerson, groups?: readonly string[]) => object) => readonly object[], named: readonly string[] = ['fw']): Promise<string> {
    const w = new GateWorld({ policy, genesis: genesis as Readonly<Record<string, unknown>> });
    world = w;
    w.chain.act(w.fay, 'POST', '/v1/deputies', { deputy: w.zoe.actor, groups: named, from: w.chain.now, until: '2026-11-21T12:00:00.000Z', reason: 'away' });
    const deputyId = [...w.plane.deputies.keys()][0] ?? '';
    await w.begin();
    const request = w.request();
    const standIn = (by: SigningPerson, groups: readonly string[] = ['fw']): object => {
      const given = w.approval(by, request, {}, []);
      return { ...given, data: { ...given.data, onBehalfOf: { deputyId, principal: w.fay.actor, groups } } };
    };
    const events = w.stored(request, approvals(w, request, standIn) as readonly { readonly type: string; readonly data: unknown }[]);
    return (await w.blocked(request.operationId, events))[0] ?? '';
  }
  const both = (w: GateWorld, r: Request, standIn: (by: SigningPerson) => object): readonly object[] => [w.approval(w.eve, r), standIn(w.zoe)];

  it.each<[string, string, unknown, object]>([
    ['a deputy fills the slot', 'signing.completed.v1', TWO_SIGNED, {}],
    ['rule 23: not from a group that the policy excludes', 'QUORUM_NOT_MET', EXCLUDING, roster({ contractors: ['zoe'] })],
    ['rule 23: not for whom the policy excludes', 'QUORUM_NOT_MET', EXCLUDING, roster({ contractors: ['fay'] })],
    ['rule 23: not from such a group of another account', 'QUORUM_NOT_MET', EXCLUDING, { ...roster({ contractors: ['zoe-2'] }), ...linked('zoe', 'zoe-2') }],
    ['rule 23: not for whom another account of his excludes', 'QUORUM_NOT_MET', EXCLUDING, { ...roster({ contractors: ['fay-2'] }), ...linked('fay', 'fay-2') }],
    ['rule 23: not for who is in groups that exclude each other', 'QUORUM_NOT_MET', TWO_SIGNED, { ...roster({ builders: ['fay'] }), ...APART }],
    ['nor where her own exclude each other', 'QUORUM_NOT_MET', TWO_SIGNED, { ...roster({ builders: ['zoe'], second: ['zoe'] }), separation: { exclusive: [['second', 'builders']], mutualWithinDays: 0 } }],
    ['one group of a pair shuts nobody out', 'signing.completed.v1', TWO_SIGNED, { ...roster({ builders: ['zoe'] }), ...APART }],
    ['nor does a group that another policy excludes', 'signing.completed.v1', TWO_SIGNED, roster({ contractors: ['zoe'] })],
  ])('%s', async (_, expected, policy, genesis) => expect(await outcome(policy, genesis, both)).toBe(expected));

  it('rule 23: an approver is shut out by the groups of his other account', async () => {
    const genesis = { ...roster({ contractors: ['fay-2'] }), ...linked('fay', 'fay-2') };
    expect(await outcome(EXCLUDING, genesis, (w, r) => [w.approval(w.eve, r), w.approval(w.fay, r)])).toBe('QUORUM_NOT_MET');
  });
  it('rule 23: a deputy brings no group that whom she stands in for was not in, also where decisions alone are looked at', async () => {
    const policy = { ...AT_DECISION, tree: { type: 'allOf', of: [{ type: 'approvers', count: 1, group: 'fw' }, { type: 'approvers', count: 1, group: 'second' }] } };
    const approvals = (w: GateWorld, r: Request, standIn: (by: SigningPerson, groups: readonly string[]) => object): readonly object[] => [w.approval(w.eve, r), standIn(w.zoe, ['second'])];
    expect(await outcome(policy, roster({ second: ['gil'] }), approvals, ['second'])).toBe('QUORUM_NOT_MET');
    world?.stop();
    expect(await outcome(policy, roster({ second: ['fay'] }), approvals, ['second'])).toBe('signing.completed.v1');
  });
  it('a deputy and whom she stands in for are one', async () => expect(await outcome(TWO_SIGNED, {}, (w, r, standIn) => [w.approval(w.fay, r), standIn(w.zoe)])).toBe('QUORUM_NOT_MET'));
  it.each([['owned by who asked', { people: [{ personId: 'olga', accounts: [account('olga')], owns: [account('oli'), account('fay')] }] }], ['of who owns what asked', { people: [{ personId: 'fay', accounts: [account('fay')], owns: [account('oli')] }] }]])(
    'nobody approves what one human answers for: %s', async (_, genesis) => {
      expect(await outcome(TWO_SIGNED, genesis, (w, r) => [w.approval(w.eve, r), w.approval(w.fay, r)])).toBe('QUORUM_NOT_MET');
      world?.stop();
      expect(await outcome(TWO_SIGNED, genesis, both)).toBe('QUORUM_NOT_MET');
    });
  it('machines of one owner are one', async () =>
    expect(await outcome(TWO_SIGNED, { people: [{ personId: 'mia', accounts: [account('mia')], owns: [account('eve'), account('fay')] }] }, (w, r) => [w.approval(w.eve, r), w.approval(w.fay, r)])).toBe('QUORUM_NOT_MET'));
});
