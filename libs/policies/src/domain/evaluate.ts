import { fits, humansOf } from './people.js';
import type { Human } from './people.js';
import { weightsOf } from './policy-node.js';
import { optionsOf, treeOf } from './policy.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';
import type { Policy, PolicyPrincipal, PolicyVerdict } from './policy.js';

/** Judges one policy by the people who approve: one human fills one slot, however often and under whatever accounts he is listed. */
export const evaluatePolicy = (policy: Policy, approvers: readonly PolicyPrincipal[]): PolicyVerdict => evaluateTree(treeOf(policy), humansOf(approvers, optionsOf(policy).excludedGroups));

export function evaluateTree(tree: PolicyNode, humans: readonly Human[]): PolicyVerdict {
  let missing = Infinity;
  for (const leaves of selections(tree)) {
    const slots = leaves.flatMap((leaf) => Array.from({ length: leaf.count }, (): ApproversNode => leaf));
    missing = Math.min(missing, slots.length - matched(slots, humans));
    if (missing === 0) break;
  }
  return { met: missing === 0, missing };
}

function* selections(node: PolicyNode): Generator<readonly ApproversNode[]> {
  if (node.type === 'none') yield [];
  else if (node.type === 'approvers') yield [node];
  else if (node.type === 'threshold') yield* reaching(node.k, node.of, weightsOf(node));
  else yield* reaching(node.type === 'anyOf' ? 1 : node.of.length, node.of, node.of.map(() => 1));
}

function* reaching(k: number, of: readonly PolicyNode[], weights: readonly number[]): Generator<readonly ApproversNode[]> {
  if (k <= 0) {
    yield [];
    return;
  }
  const [first, ...rest] = of;
  const [weight = 0, ...others] = weights;
  if (first === undefined) return;
  for (const chosen of selections(first)) for (const more of reaching(k - weight, rest, others)) yield [...chosen, ...more];
  yield* reaching(k, rest, others);
}

function matched(slots: readonly ApproversNode[], humans: readonly Human[]): number {
  const holder = new Map<Human, number>();
  const place = (slot: number, tried: Set<Human>): boolean =>
    humans.some((human) => {
      const leaf = slots[slot];
      if (leaf === undefined || tried.has(human) || !human.accounts.some((a) => fits(leaf, a))) return false;
      tried.add(human);
      const held = holder.get(human);
      if (held !== undefined && !place(held, tried)) return false;
      holder.set(human, slot);
      return true;
    });
  return slots.filter((_, i) => place(i, new Set())).length;
}
