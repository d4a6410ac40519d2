import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { PolicyPrincipal } from '#policies/contract.js';
import { finalRefusal } from './refusal.js';
import type { OperationState } from './state.js';
import { isEligible, statusAt } from './status.js';

/** Why this person may not decide this operation, whatever the decision; undefined: he may, as far as he and his policies go. */
export function standingRefusal(state: OperationState, person: PolicyPrincipal): DomainError | undefined {
  if (state.request !== null && sameActor(state.request.requestedBy, person)) return new DomainError('SELF_APPROVAL', 'who asked for an operation does not decide it');
  if (!isEligible(state, person)) return new DomainError('NOT_ELIGIBLE', 'no policy of this operation names you');
  return undefined;
}

/** The queue and the check are this one function: whether this person can give a first decision now. */
export function mayDecideNow(state: OperationState, person: PolicyPrincipal, now: Instant): boolean {
  return standingRefusal(state, person) === undefined && decisionOf(state, person) === undefined && pendingRefusal(state, now) === undefined;
}

export const decisionOf = (state: OperationState, person: PolicyPrincipal): 'approve' | 'reject' | undefined => state.decisions.find((d) => sameActor(d.by, person))?.decision;

/** Decisions are for pending operations. */
export function pendingRefusal(state: OperationState, now: Instant): DomainError | undefined {
  const status = statusAt(state, now);
  if (status === 'pending') return undefined;
  return status === 'approved' ? new DomainError('OPERATION_APPROVED', 'it is approved already') : finalRefusal(status);
}
