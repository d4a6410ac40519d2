import { exhaustive } from '#kernel/exhaustive.js';
import { weightsOf } from './policy-node.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';

/**
 * The least that a tree costs when each approvers node costs what `leaf` says: Infinity where it cannot be met.
 * Nobody in particular is looked at, so it is a lower bound for any set of people.
 */
export function leastCost(node: PolicyNode, leaf: (node: ApproversNode) => number): number {
  switch (node.type) {
    case 'none':
      return 0;
    case 'approvers':
      return leaf(node);
    case 'allOf':
    case 'sequence':
      return node.of.reduce((sum, child) => sum + leastCost(child, leaf), 0);
    case 'anyOf':
      return Math.min(...node.of.map((child) => leastCost(child, leaf)));
    case 'threshold':
      return leastToReach(node.k, node.of.map((child) => leastCost(child, leaf)), weightsOf(node));
    default:
      return exhaustive(node);
  }
}

/** The least sum of costs whose weights add up to at least `k`; Infinity where they do not. */
export function leastToReach(k: number, costs: readonly number[], weights: readonly number[]): number {
  if (k <= 0) return 0;
  if (weights.reduce((a, b) => a + b, 0) < k) return Infinity;
  // best[w]: the least cost of a weight of w; all that is beyond k counts as k.
  const best = new Array<number>(k + 1).fill(Infinity);
  best[0] = 0;
  costs.forEach((cost, i) => {
    const weight = weights[i] ?? 0;
    for (let w = k; w > 0; w--) best[w] = Math.min(best[w] ?? Infinity, (best[Math.max(0, w - weight)] ?? Infinity) + cost);
  });
  return best[k] ?? Infinity;
}

/** The least number of different people that a tree asks for. */
export const leastPeople = (node: PolicyNode): number => leastCost(node, ({ count }) => count);

export const asksNobody = (node: PolicyNode): boolean => leastPeople(node) === 0;

/** Whether the tree could be met if each of these approvers nodes could be. */
export const canBeMet = (node: PolicyNode, leaf: (node: ApproversNode) => boolean): boolean => leastCost(node, (one) => (leaf(one) ? 0 : Infinity)) < Infinity;
