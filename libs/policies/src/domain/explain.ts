import { EVALUATION_STEPS } from './evaluate.js';
import { crowdOf, leavesOf } from './matching/crowd.js';
import { planOf } from './matching/plan.js';
import { solve } from './matching/search.js';
import { openSteps } from './openness.js';
import { fittingAccount, humansOf } from './people.js';
import type { Human } from './people.js';
import { optionsOf, treeOf } from './policy.js';
import type { Policy, PolicyPrincipal } from './policy.js';
import { childrenOf, weightsOf } from './policy-node.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';

/** How things stand with one node. */
export interface NodeStanding<P extends PolicyPrincipal, C extends PolicyPrincipal> {
  readonly node: PolicyNode;
  readonly met: boolean;
  /** False for a step of a sequence whose turn has not come: nobody approves by it yet. */
  readonly open: boolean;
  /** Who fills slots of it; in the whole tree everybody is at one place at most. */
  readonly filledBy: readonly P[];
  /** Candidates who did not approve and fit it, by an account each; none where it is met. */
  readonly could: readonly C[];
  /** In the node's order. */
  readonly of: readonly NodeStanding<P, C>[];
}

/**
 * The tree with who fills it and who could still. People are placed where they leave the fewest slots of the whole tree empty; who is of no use there is shown where he fits besides.
 * @param candidates who might approve, without the requester and others who never count
 */
export function explainPolicy<P extends PolicyPrincipal, C extends PolicyPrincipal>(policy: Policy, approvers: readonly P[], candidates: readonly C[]): NodeStanding<P, C> {
  const tree = treeOf(policy);
  const { excludedGroups } = optionsOf(policy);
  const humans = humansOf(approvers, excludedGroups);
  const placed = place(tree, humans);
  const approved = new Set(humansOf(approvers, []).map((h) => h.person));
  const left = humansOf(candidates, excludedGroups).filter((h) => !approved.has(h.person));
  let leaf = 0;
  const stand = (node: PolicyNode, open: boolean): NodeStanding<P, C> => {
    if (node.type === 'approvers') {
      const filledBy = placed[leaf] ?? [];
      leaf += 1;
      const met = filledBy.length >= node.count;
      return { node, met, open, filledBy, could: met ? [] : left.flatMap((h) => fittingAccount(node, h) ?? []), of: [] };
    }
    const steps = openSteps(node, humans);
    const of = childrenOf(node).map((child, i) => stand(child, open && i < steps));
    const met = isMet(node, of.map((child) => child.met));
    const could = met ? [] : left.flatMap((h) => of.flatMap((child) => child.could).find((account) => h.accounts.includes(account)) ?? []);
    return { node, met, open, filledBy: of.flatMap((child) => child.filledBy), could, of };
  };
  return stand(tree, true);
}

function isMet(node: Exclude<PolicyNode, ApproversNode>, children: readonly boolean[]): boolean {
  if (node.type === 'none') return true;
  if (node.type === 'anyOf') return children.includes(true);
  if (node.type === 'threshold') return weightsOf(node).reduce((sum, weight, i) => (children[i] === true ? sum + weight : sum), 0) >= node.k;
  return children.every((met) => met);
}

/** Who stands at each approvers node, in the tree's order; those of one node in the order in which they are listed. */
function place<P extends PolicyPrincipal>(tree: PolicyNode, humans: readonly Human<P>[]): readonly (readonly P[])[] {
  const leaves = leavesOf(tree);
  const { kinds, fitting } = crowdOf(tree, humans);
  const { placements } = solve(planOf(tree, fitting), kinds.map((kind) => kind.members.length), 'short', { steps: EVALUATION_STEPS });
  const at = leaves.map((): { readonly human: Human<P>; readonly account: P }[] => []);
  const free = kinds.map((kind) => [...kind.members]);
  const put = (human: Human<P>, candidates: readonly number[]): boolean =>
    candidates.some((i) => {
      const leaf = leaves[i];
      const account = leaf === undefined || (at[i]?.length ?? 0) >= leaf.count ? undefined : fittingAccount(leaf, human);
      if (account === undefined) return false;
      at[i]?.push({ human, account });
      return true;
    });
  for (const { leaves: slot, kind, people } of placements) for (const human of free[kind]?.splice(0, people) ?? []) put(human, slot);
  for (const human of free.flat()) put(human, leaves.map((_, i) => i));
  return at.map((placed) => placed.sort((a, b) => humans.indexOf(a.human) - humans.indexOf(b.human)).map(({ account }) => account));
}
