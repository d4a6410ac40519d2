import type { Instant } from '#kernel/clock.js';
import type { OperationState } from '../../domain/operation/state.js';

/** Operations of the read model with all that was decided on them. */
export interface PastOperations {
  /** Newest first, requested within `from` (inclusive) and `to` (exclusive), after the cursor; fewer than `limit`: there are no more. @throws StoreUnavailableError */
  page(filter: { readonly keyId: string | null; readonly from: Instant | null; readonly to: Instant | null }, cursor: bigint | null, limit: number): Promise<readonly { readonly state: OperationState; readonly cursor: bigint }[]>;
}
/** Injection token of the process's PastOperations. */
export const PAST_OPERATIONS = Symbol('PastOperations');
