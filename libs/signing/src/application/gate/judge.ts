import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { KeyState } from '#keys/contract.js';
import { approversFor, isRejected, useRefusal } from '#operations/contract.js';
import type { Now, OperationState } from '#operations/contract.js';
import { evaluatePolicy, optionsOf } from '#policies/contract.js';
import type { PinnedPolicy, Policy } from '#policies/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker, BlockerCode } from '../../domain/sign-order/blocker.js';
import { nameOf, replaysAmong } from './decision-facts.js';
import type { Evidence, SignedApproval } from './evidence.js';
import type { Plane } from './plane.js';
import { asksProof, hasSequence, withMinimum } from './policies.js';
import { givenInOrder } from './sequence.js';

/** All that a judgement looks at. Asking it changes nothing and reads nothing. */
export interface Question {
  readonly evidence: Evidence;
  readonly key: KeyState;
  readonly keyId: string;
  readonly count: number;
  /** What is still to be signed, base64. */
  readonly digests: readonly string[];
  readonly plane: Plane;
  readonly pinned: readonly Policy[];
  /** What the key is under by now. */
  readonly inForce: readonly PinnedPolicy[];
  /** Whether approvals count by their proofs alone. */
  readonly proven: boolean;
  /** Why a signed approval does not count, whoever gave it; undefined: its proof holds. */
  readonly faultOf: (approval: SignedApproval) => Blocker | undefined;
  /** When a signer first saw the request, by its wall clock; null where nobody asks. */
  readonly firstSight: Instant | null;
  readonly now: Now;
}

/** `waits`: nothing is in the way but time; it holds from then on. */
export type Judgement = { readonly blockers: readonly Blocker[] } | { readonly waits: Instant };

/** Whether a use holds, over the approvals whose proofs hold. Everything is looked at anew; `[]` when nothing is in the way. */
export function judge(question: Question): Judgement {
  const { plane, keyId, count, digests, inForce, now } = question;
  const counting = countingState(question);
  const use = { keyId, count, digests, keyEnabled: isEnabled(question), inForce: inForce.map((one) => ({ ...one, policy: withMinimum(one.policy, plane.minimumProof) })) };
  const refusal = useRefusal(counting, use, now, 'reserved', plane.directory);
  if (refusal !== undefined && refusal.code !== 'OPERATION_NOT_APPROVED') return { blockers: [blocker(BLOCKERS[refusal.code] ?? 'OPERATION_REVOKED', refusal.detail)] };
  if (isRejected(counting, plane.directory)) return { blockers: [blocker('OPERATION_REVOKED', 'it was rejected')] };
  const missing = refusal === undefined ? outOfOrder(question, counting) : blocker('QUORUM_NOT_MET', `${keyId}: ${refusal.detail}`);
  if (missing !== undefined) return { blockers: [missing, ...reasons(question, counting)] };
  const until = notBefore(question);
  return until !== null && now.opening < until ? { waits: until } : { blockers: [] };
}

const BLOCKERS: Readonly<Record<string, BlockerCode>> = { OPERATION_EXPIRED: 'WINDOW_CLOSED', OPERATION_NOT_YET_VALID: 'WINDOW_CLOSED', KEY_DISABLED: 'KEY_DISABLED', DIGEST_NOT_BOUND: 'BINDING_MISMATCH' };

/** Disabled anywhere is disabled. */
const isEnabled = ({ key, keyId, plane }: Question): boolean => key.status === 'enabled' && plane.state.keys.get(keyId)?.status !== 'disabled';

/** The operation with the approvals that count by their proofs, under policies that take no weaker ones. */
function countingState({ evidence: { operation, signed }, plane, proven, faultOf }: Question): OperationState {
  if (!proven) return operation;
  const replays = replaysAmong(signed);
  const holds = (d: OperationState['decisions'][number]): boolean => {
    const approval = approvalOf(d, signed);
    return approval !== undefined && !replays.has(approval) && faultOf(approval) === undefined;
  };
  const least = (policy: Policy): Policy => withMinimum(policy, plane.minimumProof);
  return {
    ...operation,
    decisions: operation.decisions.filter((d) => d.decision !== 'approve' || holds(d)),
    grants: operation.grants.map((g) => ({ ...g, policy: least(g.policy), ...(g.demands === undefined ? {} : { demands: g.demands.map((one) => ({ ...one, policy: least(one.policy) })) }) })),
  };
}

/** The latest that says the same: an earlier one with the same words was withdrawn. */
const approvalOf = (d: OperationState['decisions'][number], signed: readonly SignedApproval[]): SignedApproval | undefined =>
  d.proof === undefined ? undefined : signed.findLast((s) => sameActor(s.by, d.by) && s.proof.statement === d.proof?.statement);

/** A sequence is met by approvals that were given in its order. */
function outOfOrder({ evidence: { signed }, plane, pinned, inForce, proven, faultOf, keyId, now }: Question, counting: OperationState): Blocker | undefined {
  if (!proven) return undefined;
  const asked = [...pinned, ...(pinned.every(isAtDecision) ? [] : inForce.map((one) => one.policy))].filter((policy) => hasSequence(policy) && asksProof(policy, plane.minimumProof));
  const proofs = asked.length === 0 ? [] : signed.filter((approval) => faultOf(approval) === undefined);
  const broken = asked.map((policy) => withMinimum(policy, plane.minimumProof)).some((policy) => {
    const inOrder = givenInOrder(policy, proofs, (at) => plane.directoryAt(at));
    const decisions = counting.decisions.filter((d) => d.decision !== 'approve' || [approvalOf(d, signed)].some((a) => a !== undefined && inOrder.has(a)));
    return !evaluatePolicy(policy, approversFor(policy, { ...counting, decisions }, now.closing, plane.directory)).met;
  });
  return broken ? blocker('QUORUM_NOT_MET', `${keyId}: the approvals were not given in the order that its policy asks for`) : undefined;
}

const isAtDecision = (policy: Policy): boolean => optionsOf(policy).evaluateEligibility === 'atDecision';

/** What is wrong with each approval that stands and does not count. */
function reasons({ evidence: { operation, signed }, plane, proven, faultOf, now }: Question, counting: OperationState): readonly Blocker[] {
  const policies = counting.grants.flatMap((g) => [g.policy, ...(g.demands ?? []).map((one) => one.policy)]);
  const counted = policies.flatMap((policy) => approversFor(policy, counting, now.closing, plane.directory));
  return operation.decisions.filter((d) => d.decision === 'approve' && !counted.some((c) => sameActor(c, d.by))).map((d) => {
    const approval = approvalOf(d, signed);
    if (!proven) return blocker('NOT_ELIGIBLE', `the approval by ${nameOf(d.by)} does not count any more`);
    if (approval === undefined) return blocker('PROOF_INVALID', `the approval by ${nameOf(d.by)} is not signed`);
    if (replaysAmong(signed).has(approval)) return blocker('PROOF_INVALID', `the approval by ${nameOf(d.by)} was given before: its nonce is used up`);
    const fault = faultOf(approval);
    if (fault !== undefined) return fault;
    return plane.directory.credential(approval.proof.credentialId)?.status === 'active'
      ? blocker('NOT_ELIGIBLE', `the approval by ${nameOf(d.by)} does not count: ${plane.directory.isSuspended(d.by) ? 'he is suspended' : 'he may not approve this any more, or it is too old'}`)
      : blocker('CREDENTIAL_NOT_ACTIVE', `the credential of the approval by ${nameOf(d.by)} is not active`);
  });
}

/** A timelock runs from the signer's first sight of the request (rule 25). */
function notBefore({ proven, pinned, firstSight }: Question): Instant | null {
  const delay = proven ? Math.max(0, ...pinned.map((policy) => optionsOf(policy).minimumDelayMs)) : 0;
  return delay === 0 || firstSight === null ? null : new Date(Date.parse(firstSight) + delay).toISOString();
}
