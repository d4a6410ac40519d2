import type { Policy } from './policy.js';
import { samePolicy } from './same-policy.js';

/** Whether a change may let through what was refused before: false only when `after` is provably at least as strong. */
export const weakens = (before: Policy, after: Policy): boolean => !samePolicy(before, after);
