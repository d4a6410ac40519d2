import type { Actor } from '#kernel/actor.js';
import type { DomainError } from '#kernel/domain-error.js';
import type { PolicyPrincipal } from '#policies/contract.js';
import type { Directory } from '#identity/contract.js';
import type { PinnedPolicy } from '#policies/contract.js';
import type { DeadlineKind } from './deadlines.js';
import type { OfferedProof } from './challenge.js';
import type { DecisionChallenged, DecisionRefusal, Requested, Settlement, UsesReserved } from './events.js';
import type { Now } from './use.js';

export interface Person extends PolicyPrincipal {
  readonly name: string | null;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** Time and ids are the command's, not the decider's. */
export type OperationCommand =
  | { readonly type: 'request'; readonly request: Requested['data']; readonly directory: Directory; readonly now: Now }
  | { readonly type: 'challenge'; readonly by: Person; readonly challenge: Pick<DecisionChallenged['data'], 'challengeId' | 'decision' | 'statement'>; /** Why no credential of his could answer it; null: one could. */ readonly unanswerable: DomainError | null; readonly directory: Directory; readonly now: Now }
  | { readonly type: 'decide'; readonly decision: 'approve' | 'reject'; readonly by: Person; readonly requestDigest: string; readonly comment: string | null; /** Null: the token alone. */ readonly proof: OfferedProof | null; readonly directory: Directory; readonly now: Now }
  | { readonly type: 'withdraw-approval'; readonly by: Actor; readonly directory: Directory; readonly now: Now }
  /** `privileged`: an administrator. */
  | { readonly type: 'revoke'; readonly by: Person; readonly privileged: boolean; readonly reason: string; readonly directory: Directory; readonly now: Now }
  | { readonly type: 'review'; readonly by: Person; readonly verdict: 'justified' | 'not-justified'; readonly comment: string; readonly directory: Directory; readonly now: Now }
  /** What is due by now is told, what is not is left. */
  | { readonly type: 'meet-deadline'; readonly deadline: DeadlineKind; readonly now: Now }
  | { readonly type: 'expire'; readonly now: Now }
  | { readonly type: 'reserve-uses'; readonly by: Actor; readonly order: Omit<UsesReserved['data'], 'algorithm' | 'publicKeySha256' | 'operationId'>; readonly digests: readonly string[]; readonly keyEnabled: boolean; /** What the key's policy is by now; null: not asked. */ readonly inForce: readonly PinnedPolicy[] | null; readonly directory: Directory; /** What the order itself lacks: its orderer's signature, an open session; null: nothing. */ readonly lacking: DomainError | null; /** Why nothing can sign now; null when something can. */ readonly unavailable: string | null; readonly now: Now }
  | { readonly type: 'settle-uses'; readonly outcomes: readonly Settlement[]; readonly now: Now }
  | { readonly type: 'record-decision-refusals'; readonly by: Actor; readonly code: DecisionRefusal; readonly count: number }
  | { readonly type: 'record-use-refusals'; readonly by: Actor; readonly code: string; readonly keyId: string | null; readonly count: number };
