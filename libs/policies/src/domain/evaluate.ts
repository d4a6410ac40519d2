import { crowdOf } from './matching/crowd.js';
import { planOf } from './matching/plan.js';
import { solve } from './matching/search.js';
import { humansOf } from './people.js';
import type { Human } from './people.js';
import { optionsOf, treeOf } from './policy.js';
import type { Policy, PolicyPrincipal, PolicyVerdict } from './policy.js';
import type { PolicyNode } from './policy-node.js';
import { leastPeople } from './tree-size.js';

/**
 * Steps of one judgement; the trees that people write take a few dozen. With them used up a policy that was not found to be met is not met, and `missing` may be too high.
 */
export const EVALUATION_STEPS = 20_000;

/** Judges one policy by the people who approve: one human fills one slot, however often and under whatever accounts he is listed. */
export const evaluatePolicy = (policy: Policy, approvers: readonly PolicyPrincipal[]): PolicyVerdict => evaluateTree(treeOf(policy), humansOf(approvers, optionsOf(policy).excludedGroups));

export function evaluateTree(tree: PolicyNode, humans: readonly Human[]): PolicyVerdict {
  const { kinds, fitting } = crowdOf(tree, humans);
  const { cost } = solve(planOf(tree, fitting), kinds.map((kind) => kind.members.length), 'short', { steps: EVALUATION_STEPS });
  if (Number.isFinite(cost)) return { met: cost === 0, missing: cost };
  // No way was looked at to its end. (A tree that has none is never stored; were it, no number of people would do.)
  return { met: false, missing: Math.min(leastPeople(tree), Number.MAX_SAFE_INTEGER) };
}
