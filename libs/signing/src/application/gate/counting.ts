import { sameActor } from '#kernel/actor.js';
import type { OperationState } from '#operations/contract.js';
import { withMinimum } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import { replaysAmong } from './decision-facts.js';
import type { Evidence, SignedApproval } from './evidence.js';
import type { Question } from './question.js';

type Decision = OperationState['decisions'][number];

/** The latest that says the same: an earlier one with the same words was withdrawn. */
export const approvalOf = (d: Decision, signed: Evidence['signed']): SignedApproval | undefined =>
  d.proof === undefined ? undefined : signed.findLast((s) => sameActor(s.by, d.by) && s.proof.statement === d.proof?.statement);

/** The operation with the approvals that count by their proofs, under policies that take no weaker ones. Who they are in the end is asked of it as of any operation. */
export function countingState({ evidence: { operation, signed }, plane, proven, faultOf }: Pick<Question, 'evidence' | 'plane' | 'proven' | 'faultOf'>): OperationState {
  if (!proven) return operation;
  const replays = replaysAmong(signed);
  const least = (policy: Policy): Policy => withMinimum(policy, plane.minimumProof);
  const decisions = operation.decisions.flatMap((d) => {
    if (d.decision !== 'approve') return [d];
    const approval = approvalOf(d, signed);
    return approval === undefined || replays.has(approval) || faultOf(approval) !== undefined ? [] : [withRoster(d, approval, plane)];
  });
  const grants = operation.grants.map((g) => ({ ...g, policy: least(g.policy), ...(g.demands === undefined ? {} : { demands: g.demands.map((one) => ({ ...one, policy: least(one.policy) })) }) }));
  return { ...operation, decisions, grants };
}

/**
 * Groups are those of the roster when he signed, as far as his token told them (rule 23): what is stored of a token can't widen them. A deputy brings those of whom he stood in for. What
 * shuts either of them out is looked up when approvals are counted, and no token hides it.
 */
function withRoster(d: Decision, { at }: SignedApproval, plane: Question['plane']): Decision {
  const whose = d.onBehalfOf?.principal ?? d.by;
  if (plane.directory.rosterGroups(whose) === undefined) return d;
  // Where there is a roster now, a time without one is no time at which somebody was in a group.
  const then = plane.directoryAt(at).rosterGroups(whose) ?? [];
  return { ...d, held: (d.onBehalfOf ?? d.by).groups.filter((g) => then.includes(g)) };
}
