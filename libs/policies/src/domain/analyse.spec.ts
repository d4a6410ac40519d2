import fc from 'fast-check';
import { analysePolicies, analysePolicy } from './analyse.js';
import type { AnalysedPerson } from './analyse.js';
import type { PolicyNode } from './policy-node.js';
import type { Policy, PolicyPrincipal } from './policy.js';
import { optionsOf, treeOf } from './policy.js';
import { missingByTrying } from './testing/oracle.js';
import { GROUPS, ROLES, trees } from './testing/random-policies.js';

const of = (group: string | null, count = 1): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });
const person = (id: string, ...groups: readonly string[]): AnalysedPerson => ({ id, roles: ['approver'], groups });
const NOBODY = { requester: null, excluded: [] };

/** The answer by trying every set of people. */
function byTrying(policies: readonly Policy[], people: readonly AnalysedPerson[], out: readonly string[]) {
  const excludedFrom = (p: Policy, who: AnalysedPerson): boolean => optionsOf(p).excludedGroups.some((g) => who.groups.includes(g));
  const candidates = people.filter((p) => !out.includes(p.id) && !policies.every((policy) => excludedFrom(policy, p)));
  const meets = (set: readonly AnalysedPerson[]): boolean =>
    policies.every((p) => missingByTrying(treeOf(p), set.filter((who) => !excludedFrom(p, who)).map((who): PolicyPrincipal[] => [{ issuer: '', subject: who.id, roles: who.roles, groups: who.groups }])) === 0);
  const sets = Array.from({ length: 1 << candidates.length }, (_, bits) => candidates.filter((__, i) => (bits >> i) & 1));
  const met = sets.filter(meets);
  const satisfiable = met.length > 0;
  const groups = [...new Set(candidates.flatMap((p) => p.groups))].sort();
  return {
    meets: (ids: readonly string[]): boolean => meets(candidates.filter((p) => ids.includes(p.id))),
    expected: {
      satisfiable,
      smallestSize: satisfiable ? Math.min(...met.map((s) => s.length)) : null,
      sufficientAlone: candidates.filter((p) => meets([p])).map((p) => p.id),
      groupsSufficientAlone: groups.filter((g) => meets(candidates.filter((p) => p.groups.includes(g)))),
      indispensable: satisfiable ? candidates.filter((p) => met.every((s) => s.includes(p))).map((p) => p.id) : [],
      exact: true,
    },
  };
}

const crowd: fc.Arbitrary<readonly AnalysedPerson[]> = fc.array(fc.record({ roles: fc.subarray([...ROLES]), groups: fc.subarray([...GROUPS]) }), { maxLength: 6 })
  .map((all) => all.map((p, i) => ({ id: `p${i}`, ...p, roles: p.roles.length > 0 ? p.roles : ['approver'] })));
const outsiders = fc.record({ requester: fc.constantFrom(null, null, 'p0', 'p3', 'stranger'), excluded: fc.subarray(['p1', 'p2', 'stranger'], { maxLength: 1 }) });
const policy: fc.Arbitrary<Policy> = fc.oneof({ weight: 3, arbitrary: trees(4) }, { weight: 1, arbitrary: fc.record({ tree: trees(3), excludedGroups: fc.subarray([...GROUPS], { maxLength: 1 }) }) });

describe('an analysis', () => {
  const agrees = (policies: readonly Policy[], people: readonly AnalysedPerson[], { requester, excluded }: { requester: string | null; excluded: readonly string[] }): void => {
    const { meets, expected } = byTrying(policies, people, [...excluded, ...(requester === null ? [] : [requester])]);
    const { smallestSet, ...analysis } = analysePolicies(policies, { people, requester, excluded });
    expect(analysis).toEqual(expected);
    expect(smallestSet?.length ?? null).toBe(expected.smallestSize);
    if (smallestSet !== null) expect(meets(smallestSet)).toBe(true);
  };
  it('agrees with trying every set of people', () => {
    fc.assert(fc.property(policy, crowd, outsiders, (p, people, out) => agrees([p], people, out)), { numRuns: 600 });
  });
  it('agrees for several policies that are to be met, each by itself', () => {
    fc.assert(fc.property(fc.array(fc.oneof(trees(2) as fc.Arbitrary<Policy>, policy), { minLength: 2, maxLength: 3 }), crowd, outsiders, agrees), { numRuns: 200 });
  });

  it('finds a deadlock that exclusions make', () => {
    const tree: PolicyNode = { type: 'allOf', of: [of('fw'), of('fw'), of('qa')] };
    const people = [person('a', 'fw'), person('b', 'fw', 'qa'), person('c', 'qa')];
    expect(analysePolicy(tree, { people, ...NOBODY })).toMatchObject({ satisfiable: true, smallestSize: 3, smallestSet: ['a', 'b', 'c'], indispensable: ['a', 'b', 'c'], sufficientAlone: [], groupsSufficientAlone: [] });
    for (const out of [{ requester: 'a', excluded: [] }, { requester: null, excluded: ['b'] }]) expect(analysePolicy(tree, { people, ...out })).toMatchObject({ satisfiable: false, smallestSize: null, smallestSet: null, indispensable: [] });
    expect(analysePolicy({ tree, excludedGroups: ['qa'] }, { people, ...NOBODY }).satisfiable).toBe(false);
  });
  it('tells who and which group can bring it about alone', () => {
    const tree: PolicyNode = { type: 'anyOf', of: [of('boss'), of('fw', 2)] };
    expect(analysePolicy(tree, { people: [person('a', 'fw'), person('b', 'fw', 'boss'), person('c', 'hw')], ...NOBODY }))
      .toMatchObject({ smallestSize: 1, smallestSet: ['b'], sufficientAlone: ['b'], groupsSufficientAlone: ['boss', 'fw'], indispensable: ['b'] });
  });
  it('asks for nobody where nobody is asked', () =>
    expect(analysePolicy({ type: 'none' }, { people: [person('a')], requester: 'a', excluded: [] })).toEqual({ satisfiable: true, smallestSize: 0, smallestSet: [], sufficientAlone: [], groupsSufficientAlone: [], indispensable: [], exact: true }));
  it('takes one human for several policies at once', () =>
    expect(analysePolicies([of('fw'), of('qa')], { people: [person('a', 'fw'), person('b', 'qa'), person('c', 'fw', 'qa')], ...NOBODY })).toMatchObject({ smallestSize: 1, smallestSet: ['c'] }));
});

describe('an analysis of a large directory', () => {
  const large: fc.Arbitrary<readonly AnalysedPerson[]> = fc.array(fc.subarray(['a', 'b', 'c', 'd', 'e', ...GROUPS], { minLength: 1, maxLength: 3 }), { minLength: 50, maxLength: 50 })
    .map((all) => all.map((groups, i) => ({ id: `p${i}`, roles: [i % 5 === 0 ? 'administrator' : 'approver'], groups })));
  it('of 50 people and 4 levels is exact, and what it finds holds', () => {
    fc.assert(fc.property(trees(4, 6), large, (tree, people) => {
      const { exact, satisfiable, smallestSet, indispensable } = analysePolicy(tree, { people, ...NOBODY });
      expect(exact).toBe(true);
      if (!satisfiable) return;
      const set = people.filter((p) => smallestSet?.includes(p.id));
      const again = analysePolicy(tree, { people: set, ...NOBODY });
      // Of a smallest set nobody can be missed.
      expect(again).toMatchObject({ satisfiable: true, smallestSize: set.length });
      expect(again.indispensable.length).toBe(set.length);
      for (const id of indispensable) expect(analysePolicy(tree, { people, requester: id, excluded: [] }).satisfiable).toBe(false);
    }), { numRuns: 200 });
  });
});
