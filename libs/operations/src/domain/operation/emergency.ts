import { optionsOf } from '#policies/contract.js';
import type { Policy, PolicyDocument } from '#policies/contract.js';

/** A policy as it is asked for on its emergency path: fewer approvers, everything else as it is. Undefined: it has none. */
export function emergencyPolicy(policy: Policy): PolicyDocument | undefined {
  const { emergency } = optionsOf(policy);
  return emergency === null || !('tree' in policy) ? undefined : { ...policy, tree: emergency.tree };
}
