import fc from 'fast-check';
import { evaluatePolicy } from './evaluate.js';
import type { PolicyNode } from './policy-node.js';
import type { PolicyPrincipal } from './policy.js';
import { byHuman, missingByTrying } from './testing/oracle.js';
import { GROUPS, people, trees } from './testing/random-policies.js';
import { leastPeople } from './tree-size.js';

const RUNS = { numRuns: 1_500 };
const of = (group: string | null, count = 1): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });
const person = (subject: string, ...groups: readonly string[]): PolicyPrincipal => ({ issuer: 'i', subject, roles: ['approver'], groups });

describe('a tree of approvals', () => {
  it('agrees with trying every set of people, in its verdict and in how many are missing', () => {
    fc.assert(fc.property(trees(4), people(), (tree, listed) => {
      const missing = missingByTrying(tree, byHuman(listed));
      expect(evaluatePolicy(tree, listed)).toEqual({ met: missing === 0, missing });
    }), RUNS);
  });
  it('agrees where groups are excluded: who is in one under any account is out', () => {
    fc.assert(fc.property(trees(3), people(), fc.subarray([...GROUPS]), (tree, listed, excludedGroups) => {
      const counted = byHuman(listed).filter((accounts) => !accounts.some((a) => a.groups.some((g) => excludedGroups.includes(g as (typeof GROUPS)[number]))));
      const missing = missingByTrying(tree, counted);
      expect(evaluatePolicy({ tree, excludedGroups }, listed)).toEqual({ met: missing === 0, missing });
    }), RUNS);
  });
  it('never asks for more when somebody joins, nor by more than one when one leaves', () => {
    fc.assert(fc.property(trees(4), people(), people(), (tree, listed, more) => {
      const before = evaluatePolicy(tree, listed).missing;
      expect(evaluatePolicy(tree, [...listed, ...more]).missing).toBeLessThanOrEqual(before);
      for (const accounts of byHuman(listed)) expect(evaluatePolicy(tree, listed.filter((p) => !accounts.includes(p))).missing).toBeLessThanOrEqual(before + 1);
    }), RUNS);
  });
  it('depends on no order', () => {
    fc.assert(fc.property(trees(4), people().chain((listed) => fc.tuple(fc.constant(listed), fc.shuffledSubarray([...listed], { minLength: listed.length }))), (tree, [listed, shuffled]) => {
      expect(evaluatePolicy(tree, shuffled)).toEqual(evaluatePolicy(tree, listed));
    }), RUNS);
  });
  it('is never met by fewer different humans than its slots, however many accounts they have', () => {
    fc.assert(fc.property(trees(4), people(4, 12), (tree, listed) => {
      if (evaluatePolicy(tree, listed).met) expect(byHuman(listed).length).toBeGreaterThanOrEqual(leastPeople(tree));
    }), RUNS);
  });
  it('takes a sequence as allOf', () => {
    fc.assert(fc.property(fc.array(trees(3), { minLength: 1, maxLength: 4 }), people(), (steps, listed) => {
      expect(evaluatePolicy({ type: 'sequence', of: steps }, listed)).toEqual(evaluatePolicy({ type: 'allOf', of: steps }, listed));
    }));
  });
});

describe('one human fills one slot', () => {
  const both: PolicyNode = { type: 'allOf', of: [of('fw'), of('qa')] };
  it('of two groups, whichever of them he is in', () => {
    expect(evaluatePolicy(both, [person('a', 'fw', 'qa')])).toEqual({ met: false, missing: 1 });
    expect(evaluatePolicy(both, [person('a', 'fw', 'qa'), person('b', 'qa')]).met).toBe(true);
    expect(evaluatePolicy(both, [person('a', 'fw', 'qa'), person('b', 'fw')]).met).toBe(true);
    expect(evaluatePolicy(both, [person('a', 'fw'), person('b', 'fw')]).met).toBe(false);
  });
  it('under two accounts', () => {
    const accounts = [{ ...person('a', 'fw'), person: 'Ada' }, { ...person('b', 'qa'), person: 'Ada' }];
    expect(evaluatePolicy(both, accounts)).toEqual({ met: false, missing: 1 });
    expect(evaluatePolicy(both, [...accounts, person('c', 'fw')]).met).toBe(true);
  });
  it('has no role by one account and a group by another', () =>
    expect(evaluatePolicy(of('fw'), [{ ...person('a', 'fw'), roles: [], person: 'Ada' }, { ...person('b'), person: 'Ada' }]).met).toBe(false));
  it('is nobody while one of his accounts is in an excluded group', () =>
    expect(evaluatePolicy({ tree: of('fw'), excludedGroups: ['contractors'] }, [{ ...person('a', 'fw'), person: 'Ada' }, { ...person('b', 'contractors'), person: 'Ada' }]).met).toBe(false));
  it('moves to where nobody else fits', () => {
    const tree: PolicyNode = { type: 'allOf', of: [of(null), of('fw'), of('qa')] };
    expect(evaluatePolicy(tree, [person('a', 'fw', 'qa'), person('b', 'qa'), person('c')]).met).toBe(true);
  });
});

describe('a threshold', () => {
  const weighted = (k: number, weights: readonly number[] | null): PolicyNode => ({ type: 'threshold', k, weights, of: [of('fw'), of('hw'), of('qa')] });
  it('counts children', () => {
    expect(evaluatePolicy(weighted(2, null), [person('a', 'fw')])).toEqual({ met: false, missing: 1 });
    expect(evaluatePolicy(weighted(2, null), [person('a', 'fw'), person('b', 'qa')]).met).toBe(true);
    expect(evaluatePolicy(weighted(2, null), [person('a', 'fw'), person('b', 'fw')]).met).toBe(false);
  });
  it('counts their weights', () => {
    expect(evaluatePolicy(weighted(3, [3, 1, 1]), [person('a', 'fw')]).met).toBe(true);
    expect(evaluatePolicy(weighted(3, [3, 1, 1]), [person('a', 'hw'), person('b', 'qa')])).toEqual({ met: false, missing: 1 });
  });
  it('is not taken for an OR of its parts: half of each branch is none', () => {
    const tree: PolicyNode = { type: 'anyOf', of: [of('fw', 2), of('hw', 2)] };
    expect(evaluatePolicy(tree, [person('a', 'fw'), person('b', 'hw')])).toEqual({ met: false, missing: 1 });
  });
});
