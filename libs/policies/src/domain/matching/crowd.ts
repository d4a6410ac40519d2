import { fits } from '../people.js';
import type { Human } from '../people.js';
import { childrenOf } from '../policy-node.js';
import type { ApproversNode, PolicyNode } from '../policy-node.js';
import type { PolicyPrincipal } from '../policy.js';

/** People whom the same approvers nodes of a tree name: which of them fills a slot makes no difference. */
export interface Kind<P extends PolicyPrincipal> {
  readonly members: readonly Human<P>[];
}

/** People as a tree sees them. Who fits nothing in it is left out. */
export interface Crowd<P extends PolicyPrincipal> {
  /** In an order that does not depend on the order in which the people were listed. */
  readonly kinds: readonly Kind<P>[];
  /** The kinds that each approvers node of the tree names, as bits; in the tree's own order. */
  readonly fitting: readonly bigint[];
}

/** All approvers nodes of a tree, in its order. */
export const leavesOf = (node: PolicyNode): readonly ApproversNode[] => (node.type === 'approvers' ? [node] : childrenOf(node).flatMap(leavesOf));

export function crowdOf<P extends PolicyPrincipal>(tree: PolicyNode, humans: readonly Human<P>[]): Crowd<P> {
  const leaves = leavesOf(tree);
  const terms = new Map<string, number>();
  const termOf = leaves.map((leaf) => {
    const term = JSON.stringify([leaf.role, leaf.group]);
    const known = terms.get(term) ?? terms.size;
    terms.set(term, known);
    return known;
  });
  const asked = [...terms.values()].map((term) => leaves[termOf.indexOf(term)]).filter((leaf) => leaf !== undefined);
  const byFit = new Map<string, Human<P>[]>();
  for (const human of humans) {
    const fit = asked.map((leaf) => (human.accounts.some((account) => fits(leaf, account)) ? '1' : '0')).join('');
    if (!fit.includes('1')) continue;
    const alike = byFit.get(fit);
    if (alike === undefined) byFit.set(fit, [human]);
    else alike.push(human);
  }
  const sorted = [...byFit].sort(([a], [b]) => (a < b ? -1 : 1));
  const ofTerm = asked.map((_, term) => sorted.reduce((bits, [fit], kind) => (fit[term] === '1' ? bits | (1n << BigInt(kind)) : bits), 0n));
  return { kinds: sorted.map(([, members]) => ({ members })), fitting: termOf.map((term) => ofTerm[term] ?? 0n) };
}
