import { crowdOf } from './matching/crowd.js';
import { planOf } from './matching/plan.js';
import type { Plan } from './matching/plan.js';
import { solve } from './matching/search.js';
import type { Budget } from './matching/search.js';
import { humansOf } from './people.js';
import { optionsOf, treeOf } from './policy.js';
import type { Policy, PolicyPrincipal } from './policy.js';

/**
 * Steps of one analysis, all of its questions together. Used up they leave `exact: false`: what is answered then was found, but there may be more, or a smaller set.
 */
export const ANALYSIS_STEPS = 100_000;

/** A human whom an analysis may count on. */
export interface AnalysedPerson {
  readonly id: string;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
}
export interface AnalysisInput {
  readonly people: readonly AnalysedPerson[];
  /** By id; never counts. */
  readonly requester: string | null;
  /** By id; never count. */
  readonly excluded: readonly string[];
}
/** People are named by their ids, in the order in which they were given. */
export interface Analysis {
  readonly satisfiable: boolean;
  /** Null where not satisfiable. */
  readonly smallestSize: number | null;
  /** One of the smallest sets that meet it. */
  readonly smallestSet: readonly string[] | null;
  /** Who could bring it about without anybody else. */
  readonly sufficientAlone: readonly string[];
  /** Groups whose members could, without anybody else. */
  readonly groupsSufficientAlone: readonly string[];
  /** Without whom it cannot be met. */
  readonly indispensable: readonly string[];
  /** False: it was too much to look at all of it. */
  readonly exact: boolean;
}

/** One of the policies that are to be met, each by itself. */
interface Part {
  readonly plan: Plan;
  /** For each sort of people the kind that they are to this policy; undefined: none of it. */
  readonly kindOf: readonly (number | undefined)[];
  readonly kinds: number;
}
/** People who are alike to every policy. */
type Sort = readonly AnalysedPerson[];

/** Who could meet a policy, and with whom, out of a directory of people. */
export const analysePolicy = (policy: Policy, input: AnalysisInput): Analysis => analysePolicies([policy], input);

/** The same for several policies, each to be met by itself: one human may serve each of them once. */
export function analysePolicies(policies: readonly Policy[], { people, requester, excluded }: AnalysisInput): Analysis {
  const candidates = people.filter(({ id }) => id !== requester && !excluded.includes(id));
  return new Analysing(policies, candidates).run();
}

class Analysing {
  private readonly budget: Budget = { steps: ANALYSIS_STEPS };
  private exact = true;
  private readonly parts: readonly Part[];
  private readonly sorts: readonly Sort[];
  private readonly known = new Map<string, boolean>();

  constructor(policies: readonly Policy[], private readonly candidates: readonly AnalysedPerson[]) {
    const principals = candidates.map((p): PolicyPrincipal => ({ issuer: '', subject: p.id, person: p.id, roles: p.roles, groups: p.groups }));
    const seen = policies.map((policy) => {
      const tree = treeOf(policy);
      const counting = humansOf(principals, optionsOf(policy).excludedGroups);
      const { kinds, fitting } = crowdOf(tree, counting);
      const kindOf = new Map(kinds.flatMap(({ members }, kind) => members.map((m) => [m.person, kind] as const)));
      return { plan: planOf(tree, fitting), kinds: kinds.length, kindOf, counting: new Set(counting.map((h) => h.person)) };
    });
    const alike = new Map<string, AnalysedPerson[]>();
    for (const person of candidates) {
      // Whom every policy leaves out is nobody.
      if (!seen.some((s) => s.counting.has(person.id))) continue;
      const key = seen.map((s) => s.kindOf.get(person.id) ?? '-').join();
      const sort = alike.get(key);
      if (sort === undefined) alike.set(key, [person]);
      else sort.push(person);
    }
    this.sorts = [...alike.values()];
    this.parts = seen.map(({ plan, kinds, kindOf }) => ({ plan, kinds, kindOf: this.sorts.map(([first]) => kindOf.get(first?.id ?? '')) }));
  }

  run(): Analysis {
    const chosen = this.smallest();
    if (chosen === undefined) return { satisfiable: false, smallestSize: null, smallestSet: null, sufficientAlone: [], groupsSufficientAlone: [], indispensable: [], exact: this.exact };
    const size = total(chosen);
    const set = this.sorts.flatMap((sort, i) => sort.slice(0, chosen[i]));
    const sufficientAlone = size > 1 ? [] : this.sorts.filter((_, i) => this.isMetBy(this.sorts.map((__, j) => (i === j ? 1 : 0)))).flat();
    // Who is indispensable is in every set that meets it, and so is everybody who is like him.
    const all = this.sorts.map((sort) => sort.length);
    const indispensable = this.sorts.filter((sort, i) => chosen[i] === sort.length && !this.isMetBy(all.map((n, j) => (i === j ? n - 1 : n)))).flat();
    const groupsSufficientAlone = this.groups().filter((group) => {
      const sizes = this.sorts.map((sort) => sort.filter((p) => p.groups.includes(group)).length);
      return total(sizes) >= size && this.isMetBy(sizes);
    });
    return {
      satisfiable: true, smallestSize: size, smallestSet: this.named(set), sufficientAlone: this.named(sufficientAlone), groupsSufficientAlone, indispensable: this.named(indispensable), exact: this.exact,
    };
  }

  /** How many people of each sort one of the smallest sets has; undefined where none was found. */
  private smallest(): readonly number[] | undefined {
    const all = this.sorts.map((sort) => sort.length);
    const [only] = this.parts;
    if (only !== undefined && this.parts.length === 1) {
      const { cost, placements, exact } = solve(only.plan, sizesOf(only, all), 'small', this.budget);
      this.exact &&= exact;
      if (cost === Infinity) return undefined;
      const taken = placements.reduce<readonly number[]>((sum, { kind, people }) => sum.map((n, i) => (i === kind ? n + people : n)), sizesOf(only, all).map(() => 0));
      return only.kindOf.map((kind) => (kind === undefined ? 0 : (taken[kind] ?? 0)));
    }
    const alone = this.parts.map((part) => this.solved(part, all, 'small'));
    if (alone.includes(Infinity)) return undefined;
    for (let size = Math.max(0, ...alone); size <= alone.reduce((a, b) => a + b, 0); size++) {
      const found = this.choose(all, all.map(() => 0), 0, size);
      if (found !== undefined) return found;
    }
    // Each can be met, so all people together meet each; that there is nothing between was not found out.
    return all;
  }

  /** `left` more people of the sorts from `from` on, so that every policy is met. */
  private choose(all: readonly number[], chosen: readonly number[], from: number, left: number): readonly number[] | undefined {
    const missing = Math.max(0, ...this.parts.map((part) => this.solved(part, chosen, 'short')));
    if (missing === 0) return chosen;
    if (missing > left || from >= all.length || this.budget.steps < 0) return undefined;
    if (!this.isMetBy(all.map((n, i) => (i < from ? (chosen[i] ?? 0) : n)))) return undefined;
    for (let n = Math.min(all[from] ?? 0, left); n >= 0; n--) {
      const found = this.choose(all, chosen.map((c, i) => (i === from ? n : c)), from + 1, left - n);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether so many people of each sort meet every policy. */
  private isMetBy(sizes: readonly number[]): boolean {
    const key = sizes.join();
    const known = this.known.get(key) ?? this.parts.every((part) => this.solved(part, sizes, 'short', 1) === 0);
    this.known.set(key, known);
    return known;
  }

  private solved(part: Part, sizes: readonly number[], aim: 'short' | 'small', below?: number): number {
    const { cost, exact } = solve(part.plan, sizesOf(part, sizes), aim, this.budget, below);
    this.exact &&= exact || cost === 0;
    return cost;
  }

  private groups = (): readonly string[] => [...new Set(this.sorts.flat().flatMap((p) => p.groups))].sort();

  private named(set: readonly AnalysedPerson[]): readonly string[] {
    const ids = new Set(set.map((p) => p.id));
    return [...new Set(this.candidates.map((p) => p.id))].filter((id) => ids.has(id));
  }
}

const total = (sizes: readonly number[]): number => sizes.reduce((a, b) => a + b, 0);

function sizesOf({ kinds, kindOf }: Part, sizes: readonly number[]): readonly number[] {
  const ofKind = new Array<number>(kinds).fill(0);
  kindOf.forEach((kind, i) => {
    if (kind !== undefined) ofKind[kind] = (ofKind[kind] ?? 0) + (sizes[i] ?? 0);
  });
  return ofKind;
}
