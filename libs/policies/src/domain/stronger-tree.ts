import { weightsOf } from './policy-node.js';
import type { ApproversNode, PolicyNode } from './policy-node.js';
import { sameTree } from './same-policy.js';
import { asksNobody, leastToReach } from './tree-size.js';

/** A node as children of which some weight must be met; a leaf is none. */
interface Branch {
  readonly k: number;
  readonly of: readonly PolicyNode[];
  readonly weights: readonly number[];
  /** Where each child stands in the node. */
  readonly places: readonly number[];
}

/**
 * Whether every set of people that meets `after` meets `before`, as far as their forms tell: false where it is true for another reason.
 * A sequence is as strong as `allOf`, but `allOf` is not as strong as a sequence.
 */
export const isAsStrong = (after: PolicyNode, before: PolicyNode): boolean => compare(after, before, new Map());

/** What was found of two nodes, by the one after. */
type Known = Map<PolicyNode, Map<PolicyNode, boolean>>;

function compare(after: PolicyNode, before: PolicyNode, known: Known): boolean {
  const earlier = known.get(after)?.get(before);
  if (earlier !== undefined) return earlier;
  const found = sameTree(after, before) || decide(after, before, known);
  known.set(after, (known.get(after) ?? new Map<PolicyNode, boolean>()).set(before, found));
  return found;
}

function decide(after: PolicyNode, before: PolicyNode, known: Known): boolean {
  if (asksNobody(before)) return true;
  if (after.type === 'none') return false;
  if (after.type === 'approvers' && before.type === 'approvers') return after.count >= before.count && isNarrower(after, before);
  const a = branchOf(after);
  const b = branchOf(before);
  if (a !== undefined) {
    // What cannot be done without, and is strong enough by itself.
    const sum = a.weights.reduce((x, y) => x + y, 0);
    if (a.of.some((child, i) => sum - (a.weights[i] ?? 0) < a.k && compare(child, before, known))) return true;
    // Whatever is chosen: it is enough that one of what is chosen is strong enough.
    if (least(a, a.of.map((child) => (compare(child, before, known) ? 1 : 0))) >= 1) return true;
  }
  if (b === undefined) return false;
  if (b.of.some((child, i) => (b.weights[i] ?? 0) >= b.k && compare(after, child, known))) return true;
  if (before.type === 'sequence') return after.type === 'sequence' && keepsSteps(after.of, before.of, known);
  const reached = a !== undefined && [inPlace, matched].some((worth) => least(a, worth(a, b, known)) >= b.k);
  return reached || (before.type === 'allOf' && suppliesLeaves(after, before.of));
}

/** Without the children that ask for nobody: they are met already. */
function branchOf(node: PolicyNode): Branch | undefined {
  if (node.type === 'none' || node.type === 'approvers') return undefined;
  const weights = node.type === 'threshold' ? weightsOf(node) : node.of.map(() => 1);
  const all = node.of.map((child, place) => ({ child, place, weight: weights[place] ?? 0 }));
  const asking = all.filter(({ child }) => !asksNobody(child));
  const k = node.type === 'threshold' ? node.k : node.type === 'anyOf' ? 1 : node.of.length;
  const met = all.reduce((sum, { child, weight }) => (asksNobody(child) ? sum + weight : sum), 0);
  return { k: k - met, of: asking.map(({ child }) => child), weights: asking.map(({ weight }) => weight), places: asking.map(({ place }) => place) };
}

/** The least worth of any choice that reaches k. */
const least = ({ k, weights }: Branch, worths: readonly number[]): number => leastToReach(k, worths, weights);

const isNarrower = (after: ApproversNode, before: ApproversNode): boolean => after.role === before.role && (before.group === null || after.group === before.group);

// What each child after is worth before: each stands for at most one child of those before, and no two for the same, since people are different.

/** Each for the one in its place. */
const inPlace = (a: Branch, b: Branch, known: Known): readonly number[] =>
  a.of.map((child, j) => {
    const i = b.places.indexOf(a.places[j] ?? -1);
    const before = b.of[i];
    return before !== undefined && compare(child, before, known) ? (b.weights[i] ?? 0) : 0;
  });

/** Each for one that it is as strong as, heavy ones for heavy ones where that can be. */
function matched(a: Branch, b: Branch, known: Known): readonly number[] {
  const holder = new Map<number, number>();
  const heaviest = (weights: readonly number[]): readonly number[] => weights.map((_, i) => i).sort((x, y) => (weights[y] ?? 0) - (weights[x] ?? 0));
  const takers = heaviest(a.weights);
  const fit = (j: number, i: number): boolean => {
    const child = a.of[j];
    const before = b.of[i];
    return child !== undefined && before !== undefined && compare(child, before, known);
  };
  const give = (i: number, tried: Set<number>): boolean => {
    const able = takers.filter((j) => !tried.has(j) && fit(j, i));
    const taker = able.find((j) => !holder.has(j)) ?? able.find((j) => {
      if (tried.has(j)) return false;
      tried.add(j);
      const held = holder.get(j);
      return held === undefined || give(held, tried);
    });
    if (taker === undefined) return false;
    holder.set(taker, i);
    return true;
  };
  for (const i of heaviest(b.weights)) give(i, new Set());
  return a.of.map((_, j) => b.weights[holder.get(j) ?? -1] ?? 0);
}

/** Each step before that asks for somebody is one after, in the same order. */
function keepsSteps(after: readonly PolicyNode[], before: readonly PolicyNode[], known: Known): boolean {
  const asked = before.filter((step) => !asksNobody(step));
  let next = 0;
  for (const step of after) {
    const awaited = asked[next];
    if (awaited !== undefined && compare(step, awaited, known)) next += 1;
  }
  return next === asked.length;
}

/** Whether approvers nodes that all are to be met have people enough for all of these approvers nodes: two of a group are one and one of it. */
function suppliesLeaves(after: PolicyNode, before: readonly PolicyNode[]): boolean {
  const supply = mandatoryLeaves(after).map((leaf) => ({ leaf, left: leaf.count }));
  const wanted = before.filter((node) => !asksNobody(node));
  // The narrowest first: who is of any group serves them last.
  const order = wanted.filter((node) => node.type === 'approvers').sort((x, y) => Number(x.group === null) - Number(y.group === null));
  if (order.length < wanted.length) return false;
  return order.every((node) => {
    let need = node.count;
    for (const source of supply) {
      if (!isNarrower(source.leaf, node)) continue;
      const taken = Math.min(need, source.left);
      source.left -= taken;
      need -= taken;
    }
    return need === 0;
  });
}

/** Approvers nodes that are met by different people whenever the node is met. */
function mandatoryLeaves(node: PolicyNode): readonly ApproversNode[] {
  if (node.type === 'approvers') return [node];
  return node.type === 'allOf' || node.type === 'sequence' ? node.of.flatMap(mandatoryLeaves) : [];
}
