import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';

export const hasActor = (list: readonly Actor[], one: Actor): boolean => list.some((other) => sameActor(other, one));
/** Those of `list` that `other` lacks. */
export const without = (list: readonly Actor[], other: readonly Actor[]): readonly Actor[] => list.filter((one) => !hasActor(other, one));
export const sameActors = (a: readonly Actor[], b: readonly Actor[]): boolean => without(a, b).length === 0 && without(b, a).length === 0;

/** Whether two JSON values of our own making are the same, in whatever order their members stand. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return left.length === right.length && left.every(([key, value]) => Object.hasOwn(b, key) && sameJson(value, (b as Record<string, unknown>)[key]));
}
