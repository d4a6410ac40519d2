import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';

/** How often one account approved what another asked for. */
export interface ApproverPair {
  readonly requester: Actor;
  readonly approver: Actor;
  readonly approvals: number;
  readonly lastAt: Instant;
}

/** That one account approved, or was approved in the name of, for what another asked for. */
export interface ApprovedFor {
  readonly requester: Actor;
  readonly approver: Actor;
}

/** Who approved for whom, as the read model tells it. */
export interface ApproverPairs {
  /** Whose approvals of what these accounts asked for were given since and stand: who gave each, and in whose name a deputy did. @param fresh everything that is in the event store now counts @throws StoreUnavailableError */
  approversOf(requesters: readonly Actor[], since: Instant, options: { readonly fresh: boolean }): Promise<readonly ApprovedFor[]>;
  /** The most frequent first. @param from inclusive @param to exclusive */
  pairs(from: Instant | null, to: Instant | null, limit: number): Promise<readonly ApproverPair[]>;
}
/** Injection token of the process's ApproverPairs. */
export const APPROVER_PAIRS = Symbol('ApproverPairs');
