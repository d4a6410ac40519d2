import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { SignedDecision } from '../../domain/control-plane/act.js';
import type { ProposedAct } from './propose-operation.port.js';

/** An operation that is approved, and is about an act. */
export interface ApprovedAct {
  readonly operationId: string;
  readonly act: ProposedAct;
  readonly by: Actor;
  /** RFC 8785: what the decisions are over. */
  readonly statement: string;
  /** Over from then on, applied or not. */
  readonly expiresAt: Instant;
  /** Approvals that stand. */
  readonly decisions: readonly SignedDecision[];
}

/** Acts that are due. */
export interface ApprovedActs {
  /** As the leader has it. Undefined: it is about no act, or not approved (any more). @throws StoreUnavailableError */
  find(operationId: string): Promise<ApprovedAct | undefined>;
}
