import { samePolicy, weakens } from '#policies/contract.js';
import type { PinnedPolicy } from '#policies/contract.js';

/** Whether every policy that was in force has one among those pinned that is at least as strong, and a name stands for what it stood for. */
export const coversAll = (pinned: readonly PinnedPolicy[], inForce: readonly PinnedPolicy[]): boolean =>
  inForce.every((one) => pinned.some((other) => (samePolicy(one.policy, other.policy) || !weakens(one.policy, other.policy)) && (one.name === null || other.name !== one.name || other.version === one.version)));
