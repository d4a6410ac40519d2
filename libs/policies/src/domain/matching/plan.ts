import { exhaustive } from '#kernel/exhaustive.js';
import { weightsOf } from '../policy-node.js';
import type { PolicyNode } from '../policy-node.js';
import { leastToReach } from '../tree-size.js';

/** A place for up to `capacity` people of some kinds. */
export interface Slot {
  readonly capacity: number;
  /** As bits, and one by one. */
  readonly bits: bigint;
  readonly kinds: readonly number[];
  /** The approvers nodes that it stands for, by their number in the tree's order: whoever fits the slot fits one of them. */
  readonly leaves: readonly number[];
}
/** `people` different people, spread over its slots: a flow tells how many of them there are. */
export interface Demand {
  readonly type: 'demand';
  readonly people: number;
  readonly slots: readonly Slot[];
  readonly key: string;
}
export interface All {
  readonly type: 'all';
  readonly parts: readonly (Demand | Choice)[];
  readonly key: string;
}
export interface Option {
  readonly plan: Plan;
  readonly weight: number;
}
/** Options whose weights add up to at least `k`: what has to be searched. */
export interface Choice {
  readonly type: 'choice';
  readonly k: number;
  readonly options: readonly Option[];
  readonly key: string;
}
/**
 * A tree in the form in which it is searched: what a flow can decide is one demand, and choices are what is left.
 * Plans with the same key ask for the same, and so are interchangeable.
 */
export type Plan = Demand | All | Choice;

const NOTHING: All = { type: 'all', parts: [], key: '' };
const isNothing = (plan: Plan): boolean => plan.key === '';

/** @param fitting the kinds that each approvers node names */
export function planOf(tree: PolicyNode, fitting: readonly bigint[]): Plan {
  let leaf = 0;
  const walk = (node: PolicyNode): Plan => {
    switch (node.type) {
      case 'none':
        return NOTHING;
      case 'approvers': {
        leaf += 1;
        return demand(node.count, [slotOf(node.count, fitting[leaf - 1] ?? 0n, [leaf - 1])]);
      }
      case 'allOf':
      case 'sequence':
        return all(node.of.map(walk));
      case 'anyOf':
        return choice(1, node.of.map((child) => ({ plan: walk(child), weight: 1 })));
      case 'threshold': {
        const weights = weightsOf(node);
        return choice(node.k, node.of.map((child, i) => ({ plan: walk(child), weight: weights[i] ?? 0 })));
      }
      default:
        return exhaustive(node);
    }
  };
  return walk(tree);
}

const slotOf = (capacity: number, bits: bigint, leaves: readonly number[]): Slot =>
  ({ capacity, bits, kinds: [...bits.toString(2)].reverse().flatMap((bit, kind) => (bit === '1' ? [kind] : [])), leaves });

function demand(people: number, slots: readonly Slot[]): Demand {
  const parts = slots.map(({ capacity, bits }) => `${capacity}@${bits.toString(36)}`).sort();
  return { type: 'demand', people, slots, key: `${people}<${parts.join(',')}>` };
}

function all(plans: readonly Plan[]): Plan {
  const parts = plans.flatMap((plan) => (plan.type === 'all' ? plan.parts : [plan]));
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return parts.length === 0 ? NOTHING : { type: 'all', parts, key: `(${parts.map((p) => p.key).sort().join('&')})` };
}

function choice(k: number, given: readonly Option[]): Plan {
  // What asks for nobody is met already.
  const left = k - given.filter((o) => isNothing(o.plan)).reduce((sum, o) => sum + o.weight, 0);
  if (left <= 0) return NOTHING;
  const options = given.filter((o) => !isNothing(o.plan) && o.weight > 0).map((o) => ({ plan: o.plan, weight: Math.min(o.weight, left) }));
  const sum = options.reduce((total, o) => total + o.weight, 0);
  // Without these the others do not reach k. (Where all together do not, nobody can help, and the search says so.)
  const needed = sum < left ? [] : options.filter((o) => sum - o.weight < left);
  if (needed.length > 0) return all([...needed.map((o) => o.plan), choice(left - needed.reduce((total, o) => total + o.weight, 0), options.filter((o) => !needed.includes(o)))]);
  const first = options[0]?.weight ?? 1;
  if (options.every((o) => o.weight === first)) return evenChoice(Math.ceil(left / first), options.map((o) => o.plan));
  return written(left, options);
}

/** `k` of the plans. */
function evenChoice(k: number, plans: readonly Plan[]): Plan {
  const flat = k === 1 ? alternatives(plans) : plans;
  const [only] = flat;
  if (k === 1 && only !== undefined && flat.length === 1) return only;
  const single = flat.flatMap((plan) => (isSingle(plan) ? [plan] : []));
  // One person each: choosing k of them is choosing where k people go.
  if (single.length === flat.length && single.length >= k) return demand(k, single.flatMap((plan) => plan.slots));
  return written(k, flat.map((plan) => ({ plan, weight: 1 })));
}

const written = (k: number, options: readonly Option[]): Choice => ({ type: 'choice', k, options, key: `[${k}:${options.map((o) => `${o.weight}*${o.plan.key}`).sort().join('|')}]` });

const isSingle = (plan: Plan): plan is Demand => plan.type === 'demand' && plan.people === 1;

/** One of the plans: alternatives of alternatives are its own, those of one person each are one slot for any of them, and what asks for more of no more kinds is no help. */
function alternatives(plans: readonly Plan[]): readonly Plan[] {
  const flat = plans.flatMap((plan) => (plan.type === 'choice' && plan.k === 1 ? plan.options.map((o) => o.plan) : [plan]));
  const single = flat.flatMap((plan) => (isSingle(plan) ? plan.slots : []));
  const merged = single.length === 0 ? [] : [demand(1, [slotOf(1, single.reduce((bits, s) => bits | s.bits, 0n), single.flatMap((s) => s.leaves))])];
  const rest = [...merged, ...flat.filter((plan) => !isSingle(plan))];
  return rest.filter((plan, i) => !rest.some((other, j) => i !== j && dominates(other, plan) && (j < i || !dominates(plan, other))));
}

/** Whether whoever meets `b` meets `a`, as far as one slot each tells. */
function dominates(a: Plan, b: Plan): boolean {
  if (a.key === b.key) return true;
  const [one, more] = a.type === 'demand' ? a.slots : [];
  const [other, others] = b.type === 'demand' ? b.slots : [];
  if (one === undefined || other === undefined || more !== undefined || others !== undefined) return false;
  return one.capacity <= other.capacity && (one.bits & other.bits) === other.bits;
}

/** The least of a cost that adds up over demands. */
export function leastOf(plan: Plan, cost: (demand: Demand) => number): number {
  switch (plan.type) {
    case 'demand':
      return cost(plan);
    case 'all':
      return plan.parts.reduce((sum, part) => sum + leastOf(part, cost), 0);
    case 'choice':
      return leastToReach(plan.k, plan.options.map((o) => leastOf(o.plan, cost)), plan.options.map((o) => o.weight));
    default:
      return exhaustive(plan);
  }
}
