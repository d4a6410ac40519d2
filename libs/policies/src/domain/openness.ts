import { evaluateTree } from './evaluate.js';
import { leavesOf } from './matching/crowd.js';
import { fits, humansOf, isExcluded } from './people.js';
import type { Human } from './people.js';
import { childrenOf } from './policy-node.js';
import { optionsOf, treeOf } from './policy.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';
import type { Policy, PolicyPrincipal } from './policy.js';

/** Whose approval a policy names: a role and, unless it is null, a group. */
export interface PolicyTerm {
  readonly role: string;
  readonly group: string | null;
}

/** Whether some approvers node, open or not, names this person. Whose request it is, is not the policy's matter. */
export const names = (policy: Policy, person: PolicyPrincipal): boolean =>
  !isExcluded(optionsOf(policy).excludedGroups, person) && leavesOf(treeOf(policy)).some((leaf) => fits(leaf, person));

/** Whether some open approvers node names this person: a step of a sequence is open when `approvers` meet all earlier ones. */
export function mayApprove(policy: Policy, person: PolicyPrincipal, approvers: readonly PolicyPrincipal[] = []): boolean {
  return names(policy, person) && openLeaves(policy, approvers).some((leaf) => fits(leaf, person));
}

/** The different (role, group) pairs of the open nodes: what an index of who may approve now is built from. Excluded groups are not in it. */
export const policyTerms = (policy: Policy, approvers: readonly PolicyPrincipal[] = []): readonly PolicyTerm[] => termsOf(openLeaves(policy, approvers));

/** The same of all nodes, open or not. */
export const namedTerms = (policy: Policy): readonly PolicyTerm[] => termsOf(leavesOf(treeOf(policy)));

function termsOf(leaves: readonly ApproversNode[]): readonly PolicyTerm[] {
  const terms = new Map(leaves.map(({ role, group }) => [JSON.stringify([role, group]), { role, group }]));
  return [...terms.values()];
}

function openLeaves(policy: Policy, approvers: readonly PolicyPrincipal[]): readonly ApproversNode[] {
  const humans = humansOf(approvers, optionsOf(policy).excludedGroups);
  const walk = (node: PolicyNode): readonly ApproversNode[] => {
    if (node.type === 'approvers') return [node];
    return childrenOf(node).slice(0, openSteps(node, humans)).flatMap(walk);
  };
  return walk(treeOf(policy));
}

/** How many of a node's children are open once it is open itself: all, but for a sequence those up to the first that these people do not meet together with the earlier ones. */
export function openSteps(node: PolicyNode, humans: readonly Human[]): number {
  const children = childrenOf(node);
  if (node.type !== 'sequence') return children.length;
  let open = 1;
  while (open < children.length && evaluateTree({ type: 'allOf', of: children.slice(0, open) }, humans).met) open++;
  return open;
}
