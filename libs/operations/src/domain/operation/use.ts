import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Directory } from '#identity/contract.js';
import { evaluatePolicy, isAllowedAt, optionsOf } from '#policies/contract.js';
import type { PinnedPolicy, Policy } from '#policies/contract.js';
import { approversFor } from './approvals.js';
import { emergencyPolicy } from './emergency.js';
import { finalRefusal } from './refusal.js';
import type { OperationState } from './state.js';
import { policiesOf, quorumMet, statusAt } from './status.js';

/** Two readings of time (rule 14): what closes with it looks at `closing`, what opens with it at `opening`. */
export interface Now {
  /** max(wall clock, latest event's time in the store). */
  readonly closing: Instant;
  /** The wall clock of the process that checks. */
  readonly opening: Instant;
}

/** What is to be signed, as far as authority goes. `digests` are compared with the binding (base64). */
export interface IntendedUse {
  readonly keyId: string;
  readonly count: number;
  readonly digests: readonly string[];
  /** Whether the key is enabled, as its own stream tells. */
  readonly keyEnabled: boolean;
  /** What the key's policy is by now; null: not asked. */
  readonly inForce: readonly PinnedPolicy[] | null;
}

/** What is asked beside the pinned policies: what was tightened since is honoured at use, unless they look at their decisions alone. An emergency path is no less strict than it was. */
const askedNow = (pinned: readonly Policy[], { inForce }: IntendedUse, { request }: OperationState): readonly Policy[] =>
  pinned.every((policy) => optionsOf(policy).evaluateEligibility === 'atDecision')
    ? []
    : (inForce ?? []).map(({ policy }) => (request?.emergency === true ? emergencyPolicy(policy) ?? policy : policy));

/**
 * Why this use is not covered; undefined when it is. Asked when uses are reserved (with who asks), and again, about the same use,
 * by the signer right before C_Sign (`reserved`: its uses are taken already, so what is left is not asked).
 */
export function useRefusal(state: OperationState, use: IntendedUse, now: Now, asked: { readonly by: Actor } | 'reserved', directory: Directory): DomainError | undefined {
  const request = state.request;
  if (request === null) return new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
  if (asked !== 'reserved' && !sameActor(request.requestedBy, asked.by)) return new DomainError('NOT_YOUR_OPERATION', 'only who asked for it orders signatures under it');
  const status = statusAt(state, now.closing);
  if (status === 'exhausted') return new DomainError('USAGE_EXHAUSTED', 'every use of it is spent');
  if (status === 'pending') return new DomainError('OPERATION_NOT_APPROVED', 'it is not approved');
  if (status !== 'approved') return finalRefusal(status);
  if (!quorumMet(state, now.closing, directory)) return new DomainError('OPERATION_NOT_APPROVED', 'approvals that count now do not meet its policies');
  if (now.opening < request.notBefore) return new DomainError('OPERATION_NOT_YET_VALID', `its window opens at ${request.notBefore}`);
  const grant = state.grants.find((g) => g.keyId === use.keyId);
  if (grant === undefined) return new DomainError('KEY_UNKNOWN', 'it does not cover this key');
  const policies = policiesOf(grant);
  const inForce = askedNow(policies, use, state);
  if (![...policies, ...inForce].every((policy) => isAllowedAt(optionsOf(policy).allowedHours, now.opening))) return new DomainError('OPERATION_NOT_YET_VALID', 'its policy allows no use at this hour');
  if (!inForce.every((policy) => evaluatePolicy(policy, approversFor(policy, state, now.closing, directory)).met)) return new DomainError('OPERATION_NOT_APPROVED', 'its approvals do not meet the policy that is in force now');
  if (!use.keyEnabled) return new DomainError('KEY_DISABLED', 'this key is disabled');
  const bound = request.binding === null ? undefined : new Set(request.binding.digests);
  if (bound !== undefined && !use.digests.every((d) => bound.has(d))) return new DomainError('DIGEST_NOT_BOUND', 'it is bound to other digests');
  if (asked === 'reserved') return undefined;
  const left = grant.maxUsageCount - grant.reserved - grant.spent;
  // Said as what is allowed: a count that is no number is none that is left.
  const covered = Number.isSafeInteger(use.count) && use.count >= 1 && use.count <= left;
  return covered ? undefined : new DomainError('USAGE_EXHAUSTED', `${use.count} uses asked for, ${left} left`);
}
