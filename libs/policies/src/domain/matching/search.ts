import { leastToReach } from '../tree-size.js';
import { Assignment } from './assignment.js';
import type { Placement } from './assignment.js';
import { leastOf } from './plan.js';
import type { Option, Plan } from './plan.js';

/**
 * `short`: the way to meet the plan for which the fewest people are missing.
 * `small`: the way to meet it that takes the fewest people, none missing.
 */
export type Aim = 'short' | 'small';

export interface Solution {
  /** People missing, or for `small` people taken; Infinity where nothing was found. */
  readonly cost: number;
  readonly placements: readonly Placement[];
  /** False: the budget ran out, and there may be something better. */
  readonly exact: boolean;
}

/** Steps that are left to the searches that share it. Counted, not timed: every process comes to the same answer. */
export interface Budget {
  steps: number;
}

/** A choice that was not made yet, as far as it was. */
interface Pending {
  readonly k: number;
  readonly options: readonly Option[];
}
interface Weighed {
  readonly choice: Pending;
  /** What each option adds to the cost at least. */
  readonly costs: readonly number[];
  /** What the choice adds at least. */
  readonly least: number;
}

/** The best way to meet a plan with `size` people of each kind. @param below what costs as much is of no use */
export const solve = (plan: Plan, size: readonly number[], aim: Aim, budget: Budget, below = Infinity): Solution => new Search(plan, size, aim, budget, below).run(plan);

/** Cells of a table that cost about what one path does. */
const CELLS = 100;

class Search {
  private readonly assignment: Assignment;
  private readonly crowd: number;
  private best: number;
  private placements: readonly Placement[] | undefined;
  private exhausted = false;
  private readonly costs = new Map<Plan, number>();
  private readonly sizes = new Map<Plan, number>();

  constructor(plan: Plan, private readonly size: readonly number[], private readonly aim: Aim, private readonly budget: Budget, below: number) {
    this.best = below;
    this.assignment = new Assignment(plan, size);
    this.budget.steps -= Math.ceil((this.assignment.slots * size.length) / CELLS);
    this.crowd = size.reduce((a, b) => a + b, 0);
  }

  run(plan: Plan): Solution {
    const pending: Pending[] = [];
    this.branch(pending, ...this.commit(plan, pending));
    const { placements } = this;
    return { cost: placements === undefined ? Infinity : this.best, placements: placements ?? [], exact: !this.exhausted };
  }

  /** @returns how many people are missing and how many are asked for, of what is decided by now */
  private commit(plan: Plan, pending: Pending[]): [short: number, people: number] {
    if (plan.type === 'demand') return [this.add(plan), plan.people];
    if (plan.type === 'choice') {
      pending.push(plan);
      return [0, 0];
    }
    let short = 0;
    let people = 0;
    for (const part of plan.parts) {
      const [s, p] = this.commit(part, pending);
      short += s;
      people += p;
    }
    return [short, people];
  }

  private add(demand: Extract<Plan, { type: 'demand' }>): number {
    const before = this.assignment.searches;
    const short = this.assignment.add(demand);
    this.budget.steps -= this.assignment.searches - before;
    return short;
  }

  private branch(pending: readonly Pending[], short: number, people: number): void {
    if (this.budget.steps < 0) this.exhausted = true;
    if (this.isOver() || (this.aim === 'small' && short > 0)) return;
    const decided = this.aim === 'short' ? short : people;
    const weighed = pending.map((choice) => this.weigh(choice));
    // At least this much in the end: what choices add to what is decided only grows with what else is chosen.
    const bound = weighed.reduce((sum, w) => sum + w.least, decided);
    if (bound >= this.best || (this.aim === 'short' && this.asked(pending, people) - this.crowd >= this.best)) return;
    const [first, ...rest] = weighed.sort((a, b) => b.least - a.least || a.choice.options.length - b.choice.options.length);
    if (first === undefined) {
      this.best = decided;
      this.placements = this.assignment.placements();
      return;
    }
    this.decide(first, rest, short, people, bound - first.least);
  }

  /** Takes each option in turn as the first one that is taken: those before it are left out. */
  private decide({ choice, costs }: Weighed, rest: readonly Weighed[], short: number, people: number, others: number): void {
    const order = choice.options.map((option, i) => ({ option, cost: costs[i] ?? Infinity, people: this.people(option.plan) }))
      .sort((a, b) => a.cost - b.cost || b.option.weight - a.option.weight || a.people - b.people);
    let left = order;
    while (left.length > 0 && !this.isOver()) {
      const [next, ...more] = left;
      const reach = this.reach(choice.k, left.map((o) => o.option), left.map((o) => o.cost));
      if (next === undefined || reach === Infinity || others + reach >= this.best) return;
      const mark = this.assignment.mark();
      const pending: Pending[] = rest.map((w) => w.choice);
      const k = choice.k - next.option.weight;
      if (k > 0) pending.push({ k, options: more.map((o) => o.option) });
      const [s, p] = this.commit(next.option.plan, pending);
      this.branch(pending, short + s, people + p);
      this.assignment.back(mark);
      // Whatever takes one like it without it could as well have taken it.
      left = more.filter((o) => o.option.plan.key !== next.option.plan.key || o.option.weight > next.option.weight);
    }
  }

  /** How many people are asked for at least, whatever is chosen. */
  private asked(pending: readonly Pending[], people: number): number {
    return pending.reduce((sum, { k, options }) => sum + this.reach(k, options, options.map((o) => this.people(o.plan))), people);
  }

  private weigh(choice: Pending): Weighed {
    const costs = choice.options.map(({ plan }) => this.marginal(plan));
    return { choice, costs, least: this.reach(choice.k, choice.options, costs) };
  }

  /** What an option adds to the cost at least, beside all that is decided. */
  private marginal(plan: Plan): number {
    const mark = this.assignment.mark();
    const pending: Pending[] = [];
    const [short] = this.commit(plan, pending);
    this.assignment.back(mark);
    if (this.aim === 'small') return short > 0 ? Infinity : this.least(plan);
    return pending.reduce((sum, { k, options }) => sum + this.reach(k, options, options.map((o) => this.least(o.plan))), short);
  }

  /** What a plan costs at least for itself, were everybody free for each of its demands. */
  private least(plan: Plan): number {
    const cost = this.costs.get(plan) ?? leastOf(plan, (demand) => {
      const able = demand.slots.reduce((sum, slot) => sum + Math.min(slot.capacity, slot.kinds.reduce((total, kind) => total + (this.size[kind] ?? 0), 0)), 0);
      const short = Math.max(0, demand.people - able);
      if (this.aim === 'short') return short;
      return short > 0 ? Infinity : demand.people;
    });
    this.costs.set(plan, cost);
    return cost;
  }

  /** How many people a plan asks for at least. */
  private people(plan: Plan): number {
    const people = this.sizes.get(plan) ?? leastOf(plan, (demand) => demand.people);
    this.sizes.set(plan, people);
    return people;
  }

  private reach(k: number, options: readonly Option[], costs: readonly number[]): number {
    this.budget.steps -= Math.ceil((k * options.length) / CELLS);
    return leastToReach(k, costs, options.map((o) => o.weight));
  }

  private isOver = (): boolean => this.exhausted || this.best <= 0;
}
