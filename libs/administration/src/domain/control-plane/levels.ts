import type { ApproversNode, Level, Policy } from '#policies/contract.js';

/** What a level demands where the deployment has said nothing else. */
export const defaultLevel = (level: Level): Policy => DEFAULTS[level];

const approvers = (count: number): ApproversNode => ({ type: 'approvers', count, group: null, role: 'approver' });
const DEFAULTS: Readonly<Record<Level, Policy>> = {
  L0: { type: 'none' },
  L1: approvers(1),
  L2: approvers(2),
  // Rule 25: its decisions are signed, by a client that shows the statement itself.
  L3: { tree: approvers(3), requiredProof: 'signature' },
};
