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
  if (kinds.length === 0) return verdictOf(leastPeople(tree));
  const { cost } = solve(planOf(tree, fitting), kinds.map((kind) => kind.members.length), 'short', { steps: EVALUATION_STEPS });
  // Infinite: no way was looked at to its end.
  return Number.isFinite(cost) ? verdictOf(cost) : { ...verdictOf(leastPeople(tree)), met: false };
}

/** @param missing infinite for a tree that no number of people would meet; such a one is never stored */
const verdictOf = (missing: number): PolicyVerdict => ({ met: missing === 0, missing: Math.min(missing, Number.MAX_SAFE_INTEGER) });
