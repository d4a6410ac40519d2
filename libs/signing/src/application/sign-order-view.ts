import type { Algorithm } from '#keys/contract.js';
import type { Blocker } from '../domain/sign-order/blocker.js';
import type { FailureCode } from '../domain/sign-order/events.js';

export type SignOrderViewState = 'reserved' | 'signing' | 'completed' | 'failed' | 'halted' | 'outcome-unknown';

/** A sign order as the wire contract shows it. */
export interface SignOrderView {
  readonly signOrderId: string;
  readonly operationId: string;
  readonly state: SignOrderViewState;
  readonly keyId: string;
  readonly algorithm: Algorithm;
  /** In input order; null where an unknown outcome has none; absent until there is an outcome, empty for `failed` and `halted`. */
  readonly signatures?: readonly (string | null)[];
  /** Spent, or reserved while it is under way. */
  readonly usesConsumed: number;
  readonly requestedAt: string;
  /** When it ended. */
  readonly at?: string;
  readonly failure?: { readonly code: FailureCode; readonly detail: string };
  /** Of a halted order: all that kept it from being signed, and who can clear it. */
  readonly blockers?: readonly Blocker[];
  /** Of an unknown outcome: what administrators found. */
  readonly findings?: readonly { readonly finding: 'signed' | 'not-signed'; readonly by: { readonly issuer: string; readonly subject: string }; readonly comment: string }[];
}
export const isFinal = (state: SignOrderViewState): boolean => state !== 'reserved' && state !== 'signing';
