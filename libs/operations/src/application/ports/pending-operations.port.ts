import type { Instant } from '#kernel/clock.js';
import type { Actor } from '#kernel/actor.js';
import type { OperationState } from '../../domain/operation/state.js';

export interface PendingOperation {
  readonly state: OperationState;
  readonly revision: number;
  /** Where to go on after it. */
  readonly cursor: string;
}

/** One (role, group) that somebody may fill; the group '' is any. */
export interface QueueTerm {
  readonly role: string;
  readonly group: string;
}

/** Pending operations by who is named in their policies. */
export interface PendingOperations {
  /**
   * Up to `limit` operations after the cursor, oldest expiry first: every one that this person may decide by these terms, and maybe others.
   * Fewer than `limit`: there are no more.
   * @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError
   */
  candidates(person: Actor, terms: readonly QueueTerm[], now: Instant, cursor: string | null, limit: number): Promise<readonly PendingOperation[]>;
}
/** Injection token of the process's PendingOperations. */
export const PENDING_OPERATIONS = Symbol('PendingOperations');
