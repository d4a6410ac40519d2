import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError } from '#kernel/domain-error.js';
import { strongestProof } from '#policies/contract.js';
import type { GivenProof } from './events.js';
import type { OperationState } from './state.js';
import { allPolicies } from './status.js';

/** A challenge can be answered for so long. */
export const CHALLENGE_LASTS_MS = 5 * 60_000;
/** Unanswered ones of one account that an operation keeps; beyond it the oldest of his are given up. */
export const MAX_OPEN_CHALLENGES = 10;

/** A proof as it was offered: verified over its statement by an active credential of who decides, or why it is not. */
export type OfferedProof = { readonly challengeId: string } & ({ readonly proof: GivenProof } | { readonly refused: DomainError });

/** Why an approval needs another proof than it has; undefined: it does not. A rejection needs the token alone. */
export function proofRefusal(state: OperationState, offered: OfferedProof | null): DomainError | undefined {
  const asked = strongestProof(allPolicies(state));
  if (asked === 'token') return undefined;
  if (offered === null) return new DomainError('PROOF_REQUIRED', 'a policy of this operation asks for a signed approval');
  return asked === 'webauthn' && 'proof' in offered && offered.proof.type !== 'webauthn' ? new DomainError('PROOF_REQUIRED', 'a policy of this operation asks for an approval by a passkey or security key') : undefined;
}

/** Why this proof does not cover this decision now; undefined: it does. Each challenge holds once, for one person and one decision. */
export function challengeRefusal(state: OperationState, by: Actor, decision: 'approve' | 'reject', offered: OfferedProof, now: Instant): DomainError | undefined {
  const { challengeId } = offered;
  if (state.answered.has(challengeId)) return new DomainError('CHALLENGE_USED', 'this challenge was answered before');
  const challenge = state.challenges.get(challengeId);
  if (challenge === undefined || !sameActor(challenge.by, by) || challenge.decision !== decision) return new DomainError('CHALLENGE_MISMATCH', 'this is no challenge for this decision of yours');
  if (now >= challenge.expiresAt) return new DomainError('CHALLENGE_EXPIRED', 'this challenge is too old; ask for another one');
  if ('refused' in offered) return offered.refused;
  return challenge.statement === offered.proof.statement ? undefined : new DomainError('CHALLENGE_MISMATCH', 'this proof is over another statement');
}
