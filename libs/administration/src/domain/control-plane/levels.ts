import type { Policy } from '#policies/contract.js';
import type { Level } from './policy-words.js';

/** What a level demands where the deployment has said nothing else. */
export const defaultLevel = (level: Level): Policy => DEFAULTS[level];

const approvers = (count: number): Policy => ({ type: 'approvers', count, group: null, role: 'approver' });
const DEFAULTS: Readonly<Record<Level, Policy>> = {
  L0: { type: 'none' },
  L1: approvers(1),
  L2: approvers(2),
  // Rule 25: its decisions are signed, by a client that shows the statement itself.
  L3: approvers(3),
};
