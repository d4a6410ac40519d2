import type { PolicyNode } from '../policy-node.js';
import type { PolicyPrincipal } from '../policy.js';

/** For every set of people (bits) that fills slots of a node, one slot each: how many slots are left empty at least. */
type Ways = ReadonlyMap<number, number>;

const better = (ways: Map<number, number>, set: number, empty: number): void => void ways.set(set, Math.min(ways.get(set) ?? Infinity, empty));

/**
 * The least number of further people a tree needs, found by trying every set of people for every node: slow, and by no way that the engine uses.
 * @param humans each with all of his accounts
 */
export function missingByTrying(tree: PolicyNode, humans: readonly (readonly PolicyPrincipal[])[]): number {
  return Math.min(...waysOf(tree, humans).values());
}

function waysOf(node: PolicyNode, humans: readonly (readonly PolicyPrincipal[])[]): Ways {
  switch (node.type) {
    case 'none':
      return new Map([[0, 0]]);
    case 'approvers': {
      const ways = new Map<number, number>();
      const able = humans.map((accounts) => accounts.some((a) => a.roles.includes(node.role) && (node.group === null || a.groups.includes(node.group))));
      for (let set = 0; set < 1 << humans.length; set++) {
        const members = humans.flatMap((_, i) => ((set >> i) & 1 ? [i] : []));
        if (members.length <= node.count && members.every((i) => able[i])) better(ways, set, node.count - members.length);
      }
      return ways;
    }
    case 'threshold':
      return reaching(node.k, node.of.map((child, i) => ({ ways: waysOf(child, humans), weight: node.weights?.[i] ?? 1 })));
    default:
      return reaching(node.type === 'anyOf' ? 1 : node.of.length, node.of.map((child) => ({ ways: waysOf(child, humans), weight: 1 })));
  }
}

function reaching(k: number, children: readonly { readonly ways: Ways; readonly weight: number }[]): Ways {
  let reached = new Map<number, Map<number, number>>([[0, new Map([[0, 0]])]]);
  for (const { ways, weight } of children) {
    const next = new Map([...reached].map(([w, sets]) => [w, new Map(sets)]));
    for (const [w, sets] of reached) {
      const to = next.get(Math.min(k, w + weight)) ?? new Map<number, number>();
      next.set(Math.min(k, w + weight), to);
      for (const [a, emptyA] of sets) for (const [b, emptyB] of ways) if ((a & b) === 0) better(to, a | b, emptyA + emptyB);
    }
    reached = next;
  }
  return reached.get(k) ?? new Map();
}

/** Principals by the human that their `person` names, in the order of their first listing. */
export function byHuman(principals: readonly PolicyPrincipal[]): readonly (readonly PolicyPrincipal[])[] {
  const humans = new Map<string, PolicyPrincipal[]>();
  for (const p of principals) humans.set(p.person ?? '', [...(humans.get(p.person ?? '') ?? []), p]);
  return [...humans.values()];
}
