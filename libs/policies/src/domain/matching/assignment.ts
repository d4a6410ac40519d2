import type { Demand, Plan } from './plan.js';

/** People of `kind` on a slot of a demand. */
export interface Placement {
  readonly leaves: readonly number[];
  readonly kind: number;
  readonly people: number;
}

/** From a group, in place of a kind. */
const GROUP = -1;
const UNSEEN = -2;

/**
 * Who fills what: a flow from demands over their slots to kinds of people. It is always the largest there is for the demands that were added,
 * so that adding one needs paths from this one alone, and what it lacks then it lacks for good.
 */
export class Assignment {
  readonly #groups = new Map<Demand, number>();
  /** The slots of each demand, which is a group. */
  readonly #slots: (readonly number[])[] = [];
  readonly #groupOf: number[] = [];
  readonly #capacity: number[] = [];
  readonly #kindsOf: (readonly number[])[] = [];
  readonly #leaves: (readonly number[])[] = [];
  readonly #kinds: number;
  readonly #flow: Int32Array;
  readonly #load: Int32Array;
  readonly #used: Int32Array;
  /** Changes of the flow, as slot and kind; a slot that lost somebody as -1 - slot. */
  readonly #journal: number[] = [];
  readonly #kindParent: Int32Array;
  readonly #slotFrom: Int32Array;
  readonly #groupParent: Int32Array;
  /** Searches for a path so far: what a budget of work counts. */
  searches = 0;

  /** @param size how many people there are of each kind */
  constructor(plan: Plan, private readonly size: readonly number[]) {
    this.#kinds = size.length;
    const register = (part: Plan): void => {
      if (part.type === 'all') part.parts.forEach(register);
      else if (part.type === 'choice') part.options.forEach((o) => register(o.plan));
      else this.register(part);
    };
    register(plan);
    const { slots } = this;
    this.#flow = new Int32Array(slots * this.#kinds);
    this.#load = new Int32Array(slots);
    this.#used = new Int32Array(this.#kinds);
    this.#kindParent = new Int32Array(this.#kinds);
    this.#slotFrom = new Int32Array(slots);
    this.#groupParent = new Int32Array(this.#slots.length);
  }

  private register(demand: Demand): void {
    const group = this.#slots.length;
    this.#groups.set(demand, group);
    this.#slots.push(demand.slots.map(({ capacity, kinds, leaves }) => {
      this.#groupOf.push(group);
      this.#leaves.push(leaves);
      this.#kindsOf.push(kinds.filter((kind) => (this.size[kind] ?? 0) > 0));
      return this.#capacity.push(capacity) - 1;
    }));
  }

  get slots(): number {
    return this.#capacity.length;
  }

  /** A point to go back to. */
  mark = (): number => this.#journal.length;

  back(mark: number): void {
    while (this.#journal.length > mark) {
      const kind = this.#journal.pop() ?? 0;
      const slot = this.#journal.pop() ?? 0;
      if (slot < 0) this.shift(-1 - slot, kind, 1);
      else this.shift(slot, kind, -1);
    }
  }

  /** Adds a demand, which is not there yet. @returns how many people it lacks, whatever the others are moved to */
  add(demand: Demand): number {
    const group = this.#groups.get(demand);
    if (group === undefined) throw new TypeError('a demand of another plan');
    let placed = 0;
    while (placed < demand.people && this.place(group)) placed++;
    return demand.people - placed;
  }

  placements(): readonly Placement[] {
    return this.#leaves.flatMap((leaves, slot) => this.size.flatMap((_, kind) => {
      const people = this.#flow[slot * this.#kinds + kind] ?? 0;
      return people > 0 ? [{ leaves, kind, people }] : [];
    }));
  }

  /** Finds one more person for a demand, moving others where that helps: a shortest augmenting path. */
  private place(group: number): boolean {
    this.searches += 1;
    this.#kindParent.fill(UNSEEN);
    this.#slotFrom.fill(UNSEEN);
    this.#groupParent.fill(UNSEEN);
    const queue: number[] = [];
    const open = (candidates: readonly number[]): void => {
      for (const slot of candidates) {
        if (this.#slotFrom[slot] !== UNSEEN || (this.#load[slot] ?? 0) >= (this.#capacity[slot] ?? 0)) continue;
        this.#slotFrom[slot] = GROUP;
        queue.push(slot);
      }
    };
    this.#groupParent[group] = GROUP;
    open(this.#slots[group] ?? []);
    for (let next = 0; next < queue.length; next++) {
      const slot = queue[next] ?? 0;
      for (const kind of this.#kindsOf[slot] ?? []) {
        if (this.#kindParent[kind] !== UNSEEN) continue;
        this.#kindParent[kind] = slot;
        if ((this.#used[kind] ?? 0) < (this.size[kind] ?? 0)) {
          this.trace(kind, group);
          return true;
        }
        // All of them are placed: whoever holds one may take another, or leave it to another slot of its demand.
        for (let holder = 0; holder < this.#capacity.length; holder++) {
          if (this.#slotFrom[holder] !== UNSEEN || !this.#flow[holder * this.#kinds + kind]) continue;
          this.#slotFrom[holder] = kind;
          queue.push(holder);
          const its = this.#groupOf[holder] ?? 0;
          if (this.#groupParent[its] !== UNSEEN) continue;
          this.#groupParent[its] = holder;
          open(this.#slots[its] ?? []);
        }
      }
    }
    return false;
  }

  /** Moves people along the path that ended at somebody free. */
  private trace(free: number, start: number): void {
    let kind = free;
    for (;;) {
      const slot = this.#kindParent[kind] ?? 0;
      this.record(slot, kind, 1);
      const from = this.#slotFrom[slot] ?? GROUP;
      const group = this.#groupOf[slot] ?? start;
      if (from === GROUP && group === start) return;
      const loser = from === GROUP ? (this.#groupParent[group] ?? 0) : slot;
      kind = this.#slotFrom[loser] ?? 0;
      this.record(loser, kind, -1);
    }
  }

  private record(slot: number, kind: number, by: 1 | -1): void {
    this.shift(slot, kind, by);
    this.#journal.push(by === 1 ? slot : -1 - slot, kind);
  }
  private shift(slot: number, kind: number, by: 1 | -1): void {
    const at = slot * this.#kinds + kind;
    this.#flow[at] = (this.#flow[at] ?? 0) + by;
    this.#load[slot] = (this.#load[slot] ?? 0) + by;
    this.#used[kind] = (this.#used[kind] ?? 0) + by;
  }
}
