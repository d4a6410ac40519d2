import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { approversFor, emergencyPolicy, isRejected, policiesOf, useRefusal } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';
import { asksProof, evaluatePolicy, hasSequence, isAllowedAt, names, optionsOf, samePolicy, withMinimum } from '#policies/contract.js';
import type { Policy } from '#policies/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker, BlockerCode } from '../../domain/sign-order/blocker.js';
import { approvalOf, countingState } from './counting.js';
import { nameOf, replaysAmong } from './decision-facts.js';
import type { Question } from './question.js';
import { givenInOrder } from './sequence.js';

/** `waits`: nothing is in the way but time; it holds from then on. */
export type Judgement = { readonly blockers: readonly Blocker[] } | { readonly waits: Instant };

/** Whether a use holds, over the approvals whose proofs hold. Everything is looked at anew; `[]` when nothing is in the way. */
export function judge(question: Question): Judgement {
  const { plane, keyId, count, digests, now } = question;
  const counting = countingState(question);
  const use = { keyId, count, digests, keyEnabled: isEnabled(question), inForce: null };
  const refusal = useRefusal(counting, use, now, 'reserved', plane.directory);
  if (refusal !== undefined && refusal.code !== 'OPERATION_NOT_APPROVED') return { blockers: [blocker(BLOCKERS[refusal.code] ?? 'OPERATION_REVOKED', refusal.detail)] };
  if (isRejected(counting, plane.directory)) return { blockers: [blocker('OPERATION_REVOKED', 'it was rejected')] };
  if (!isAllowedNow(question)) return { blockers: [blocker('WINDOW_CLOSED', 'the policy that is in force now allows no use at this hour')] };
  const unmet = refusal?.detail ?? notInForce(question, counting) ?? outOfOrder(question, counting);
  if (unmet !== undefined) return { blockers: [blocker('QUORUM_NOT_MET', `${keyId}: ${unmet}`), ...reasons(question, counting)] };
  const until = notBefore(question);
  return until !== null && now.opening < until ? { waits: until } : { blockers: [] };
}

const BLOCKERS: Readonly<Record<string, BlockerCode>> = {
  OPERATION_EXPIRED: 'WINDOW_CLOSED', OPERATION_NOT_YET_VALID: 'WINDOW_CLOSED', KEY_DISABLED: 'KEY_DISABLED', DIGEST_NOT_BOUND: 'BINDING_MISMATCH',
};

/** Disabled anywhere is disabled. */
const isEnabled = ({ key, keyId, plane }: Question): boolean => key.status === 'enabled' && plane.state.keys.get(keyId)?.status !== 'disabled';

const isEmergency = ({ evidence }: Question): boolean => evidence.operation.request?.emergency === true;
const askedNow = (question: Question): readonly Policy[] =>
  question.inForce.map(({ policy }) => withMinimum(isEmergency(question) ? emergencyPolicy(policy) ?? policy : policy, question.plane.minimumProof));

const isAllowedNow = (question: Question): boolean => askedNow(question).every((policy) => isAllowedAt(optionsOf(policy).allowedHours, question.now.opening));

/** What was tightened since is honoured at use. What is as it was pinned has been judged so. */
function notInForce(question: Question, counting: OperationState): string | undefined {
  const { plane, now, inForce, pinned } = question;
  const changed = isEmergency(question) ? inForce : inForce.filter((one) => !pinned.some((policy) => samePolicy(policy, one.policy)));
  const met = askedNow({ ...question, inForce: changed }).every((policy) => evaluatePolicy(policy, approversFor(policy, counting, now.closing, plane.directory)).met);
  return met ? undefined : 'its approvals do not meet the policy that is in force now';
}

/** A sequence is met by approvals that were given in its order. */
function outOfOrder(question: Question, counting: OperationState): string | undefined {
  const { evidence: { signed }, plane, pinned, proven, faultOf, now } = question;
  if (!proven) return undefined;
  const asked = [...pinned.map((policy) => withMinimum(policy, plane.minimumProof)), ...askedNow(question)].filter((policy) => hasSequence(policy) && asksProof(policy, plane.minimumProof));
  if (asked.length === 0) return undefined;
  const proofs = signed.filter((approval) => faultOf(approval) === undefined);
  const kept = asked.every((policy) => {
    const inOrder = givenInOrder(policy, proofs, (at) => plane.directoryAt(at));
    const decisions = counting.decisions.filter((d) => {
      const approval = d.decision === 'approve' ? approvalOf(d, signed) : undefined;
      return approval !== undefined && inOrder.has(approval);
    });
    return evaluatePolicy(policy, approversFor(policy, { ...counting, decisions }, now.closing, plane.directory)).met;
  });
  return kept ? undefined : 'the approvals were not given in the order that its policy asks for';
}

/** What is wrong with each approval that stands and does not count. */
function reasons({ evidence: { operation, signed }, plane: { directory }, proven, faultOf, now }: Question, counting: OperationState): readonly Blocker[] {
  const counted = counting.grants.flatMap(policiesOf).flatMap((policy) => approversFor(policy, counting, now.closing, directory).filter((one) => names(policy, one)));
  return operation.decisions.filter((d) => d.decision === 'approve' && !counted.some((c) => sameActor(c, d.by))).map((d) => {
    const what = `the approval by ${nameOf(d.by)}`;
    const approval = approvalOf(d, signed);
    if (!proven) return blocker('NOT_ELIGIBLE', `${what} does not count any more`);
    if (approval === undefined) return blocker('PROOF_INVALID', `${what} is not signed`);
    if (replaysAmong(signed).has(approval)) return blocker('PROOF_INVALID', `${what}: its nonce was used before`);
    const fault = faultOf(approval);
    if (fault !== undefined) return fault;
    const status = directory.credential(approval.proof.credentialId)?.status;
    if (status !== 'active') return blocker('CREDENTIAL_NOT_ACTIVE', `${what}: its credential is ${status ?? 'not known'}`);
    return blocker('NOT_ELIGIBLE', directory.isSuspended(d.by) ? `${what}: he is suspended` : `${what}: he may not approve this, or not any more, or it is too old`);
  });
}

/** A timelock runs from the request; where proofs are asked, from the signer's first sight of it (rule 25). One that is in force now is waited for as well. */
function notBefore(question: Question): Instant | null {
  const { evidence, proven, pinned, firstSight } = question;
  const delay = Math.max(0, ...[...pinned, ...askedNow(question)].map((policy) => optionsOf(policy).minimumDelayMs));
  const from = proven ? firstSight : (evidence.operation.request?.requestedAt ?? null);
  return delay === 0 || from === null ? null : new Date(Date.parse(from) + delay).toISOString();
}
