import type { InputFault } from '#kernel/domain-error.js';

type Rule<T> = (body: T) => readonly InputFault[];
const rules = new WeakMap<object, Rule<never>[]>();

/** Class decorator of a request: what must hold between its members. Asked only when each of them is right by itself. */
export function Rule<T extends object>(rule: Rule<T>): (target: new () => T) => void {
  return (target) => void rules.set(target, [...(rules.get(target) ?? []), rule]);
}

export const brokenRules = <T extends object>(target: new () => T, body: T): readonly InputFault[] =>
  (rules.get(target) ?? []).flatMap((rule) => (rule as Rule<T>)(body));
