import fc from 'fast-check';
import { humansOf } from '../people.js';
import type { PolicyNode } from '../policy-node.js';
import { byHuman, missingByTrying } from '../testing/oracle.js';
import { people, trees } from '../testing/random-policies.js';
import { crowdOf } from './crowd.js';
import { planOf } from './plan.js';
import { solve } from './search.js';

const of = (group: string | null, count = 1): PolicyNode => ({ type: 'approvers', count, group, role: 'approver' });
const everybody = Array.from({ length: 12 }, (_, i) => ({ issuer: 'i', subject: `p${i}`, roles: ['approver'], groups: [`g${i}`, `g${i + 1}`] }));
function solved(tree: PolicyNode, steps: number, aim: 'short' | 'small' = 'short') {
  const { kinds, fitting } = crowdOf(tree, humansOf(everybody, []));
  const budget = { steps };
  return { ...solve(planOf(tree, fitting), kinds.map((k) => k.members.length), aim, budget), taken: steps - budget.steps };
}

describe('a search whose steps run out', () => {
  it('never finds a tree met that is not, and never misses fewer people than there are missing', () => {
    fc.assert(fc.property(trees(4), people(), fc.integer({ min: 0, max: 60 }), (tree, listed, steps) => {
      const { kinds, fitting } = crowdOf(tree, humansOf(listed, []));
      const missing = missingByTrying(tree, byHuman(listed));
      const { cost, exact } = solve(planOf(tree, fitting), kinds.map((k) => k.members.length), 'short', { steps });
      if (exact) expect(cost).toBe(missing);
      else expect(cost).toBeGreaterThanOrEqual(missing);
    }), { numRuns: 1_500 });
  });
  it('says so', () => {
    const choices: PolicyNode = { type: 'allOf', of: Array.from({ length: 6 }, (_, i): PolicyNode => ({ type: 'anyOf', of: [of(`g${i}`, 2), { type: 'allOf', of: [of(`g${i + 1}`), of(`g${i + 2}`)] }] })) };
    // Twelve slots, and eight people in those groups.
    expect(solved(choices, 20_000)).toMatchObject({ cost: 4, exact: true });
    expect(solved(choices, 3)).toMatchObject({ cost: Infinity, exact: false });
  });
});

describe('a tree without choices', () => {
  it('is one flow, however large: fifteen of thirty, and all of ten', () => {
    const tree: PolicyNode = {
      type: 'allOf',
      of: [
        { type: 'threshold', k: 6, weights: null, of: Array.from({ length: 30 }, (_, i) => of(`g${i % 13}`)) },
        { type: 'sequence', of: [of('g0'), { type: 'anyOf', of: [of('g3'), of('g4'), { type: 'none' }, of('g5')] }, of(null, 5)] },
      ],
    };
    const { cost, exact, taken } = solved(tree, 20_000);
    expect({ cost, exact }).toEqual({ cost: 0, exact: true });
    expect(taken).toBeLessThan(100);
  });
  it('is no search for what weights leave no choice in', () => {
    const tree: PolicyNode = { type: 'threshold', k: 9, weights: [4, 4, 1], of: [of('g1', 2), of('g5', 2), { type: 'anyOf', of: [of('g9', 2)] }] };
    expect(planOf(tree, crowdOf(tree, humansOf(everybody, [])).fitting)).toMatchObject({ type: 'all', parts: [{ type: 'demand' }, { type: 'demand' }, { type: 'demand' }] });
  });
});

it('finds the smallest set among ways of different size', () => {
  const tree: PolicyNode = { type: 'anyOf', of: [of(null, 6), { type: 'allOf', of: [of('g1', 2), of('g2')] }, { type: 'allOf', of: [of('g4', 2), { type: 'anyOf', of: [of('g4'), of('g5', 2)] }] }] };
  // g4 has two members: the third of the last branch is not there.
  expect(solved(tree, 20_000, 'small')).toMatchObject({ cost: 3, exact: true });
});
