import { DAYS, ELIGIBILITIES, LEVELS, PROOF_KINDS } from './policy-options.js';
import type { AllowedHours, Emergency, PolicyOptions } from './policy-options.js';
import { optionsOf, treeOf } from './policy.js';
import type { Policy } from './policy.js';
import { sameTree } from './same-policy.js';
import { isAsStrong } from './stronger-tree.js';

/**
 * Whether a change may let through what was refused before. False only when `after` is provably at least as strong: its tree by its form, and every option by itself.
 * References are to be resolved before: what is compared is what they stand for.
 */
export const weakens = (before: Policy, after: Policy): boolean => !isAsStrong(treeOf(after), treeOf(before)) || !optionsAreAsStrong(optionsOf(after), optionsOf(before));

/** The same for lists of which every policy is to be met: each of those before has one after that is as strong. */
export const weakensAny = (before: readonly Policy[], after: readonly Policy[]): boolean => before.some((b) => after.every((a) => weakens(b, a)));

type Comparison<T> = (after: T, before: T) => boolean;
const atLeast: Comparison<number> = (after, before) => after >= before;
const atMost: Comparison<number> = (after, before) => after <= before;
/** No demand at all is the weakest. */
const demanded = <T>(compare: Comparison<T>): Comparison<T | null> => (after, before) => before === null || (after !== null && compare(after, before));
const ranked = <T>(weakestFirst: readonly T[]): Comparison<T> => (after, before) => weakestFirst.indexOf(after) >= weakestFirst.indexOf(before);
const without = <T>(same: Comparison<T>): Comparison<T | null> => (after, before) => after === null || (before !== null && same(after, before));

const COMPARED: { readonly [K in keyof PolicyOptions]: Comparison<PolicyOptions[K]> } = {
  assuranceLevel: demanded(ranked(LEVELS)),
  minimumDelayMs: atLeast,
  approvalValidityMs: demanded(atMost),
  rejectionsToReject: atMost,
  requiredProof: ranked(PROOF_KINDS),
  maxValidMs: demanded(atMost),
  maxUsageCount: demanded(atMost),
  allowedHours: demanded(isWithin),
  excludedGroups: (after, before) => before.every((group) => after.includes(group)),
  requireBinding: (after, before) => after || !before,
  allowUnprovenOrders: (after, before) => before || !after,
  evaluateEligibility: ranked(ELIGIBILITIES),
  emergency: without(isNarrower),
  // Reminders decide nothing, and to do without an escalation lets nothing through; who is told of one is compared all the same.
  remindAfterMs: () => true,
  escalateAfterMs: without(atLeast),
  escalateTo: without(sameTree),
};

const optionsAreAsStrong = (after: PolicyOptions, before: PolicyOptions): boolean => (Object.keys(COMPARED) as (keyof PolicyOptions)[]).every((name) => compares(name, after, before));
const compares = <K extends keyof PolicyOptions>(name: K, after: PolicyOptions, before: PolicyOptions): boolean => COMPARED[name](after[name], before[name]);

const DAY_MINUTES = 24 * 60;
/** Whether every minute of a week that `after` allows is one that `before` allows; hours of another time zone are not compared. */
function isWithin(after: AllowedHours, before: AllowedHours): boolean {
  if (after.timeZone !== before.timeZone) return false;
  const allowed = new Set(minutesOf(before));
  return minutesOf(after).every((minute) => allowed.has(minute));
}
function minutesOf({ days, from, to }: AllowedHours): readonly number[] {
  const begin = minuteOf(from);
  const length = (minuteOf(to) - begin + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  return days.flatMap((day) => Array.from({ length }, (_, i) => (DAYS.indexOf(day) * DAY_MINUTES + begin + i) % (DAYS.length * DAY_MINUTES)));
}
const minuteOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

function isNarrower(after: Emergency, before: Emergency): boolean {
  return isAsStrong(after.tree, before.tree) && after.reviewWithinMs <= before.reviewWithinMs && isAsStrong(after.reviewers, before.reviewers);
}

