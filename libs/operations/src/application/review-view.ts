import type { PrincipalView } from '#identity/contract.js';
import { keysUnderReview } from '../domain/operation/review.js';
import type { OperationState, ReviewState } from '../domain/operation/state.js';

/** Uses by an emergency path, and what others found of them. */
export interface ReviewView {
  /** That of its operation. */
  readonly reviewId: string;
  readonly operationId: string;
  readonly status: ReviewState['status'];
  readonly keyIds: readonly string[];
  readonly reason: string;
  readonly requestedBy: PrincipalView;
  readonly openedAt: string;
  readonly dueAt: string;
  readonly verdicts: readonly { readonly verdict: 'justified' | 'not-justified'; readonly by: { readonly issuer: string; readonly subject: string; readonly name: string | null }; readonly at: string; readonly comment: string }[];
}

/** Undefined: nothing of it was ever to be reviewed. */
export function viewReview(state: OperationState): ReviewView | undefined {
  const { request, review } = state;
  if (request === null || review === null) return undefined;
  return {
    reviewId: request.operationId,
    operationId: request.operationId,
    status: review.status,
    keyIds: keysUnderReview(state),
    reason: request.personal.emergencyReason ?? '',
    requestedBy: { ...request.requestedBy, name: request.personal.name, claims: request.personal.claims },
    openedAt: review.openedAt,
    dueAt: review.dueAt,
    verdicts: review.verdicts.map((v) => ({ verdict: v.verdict, by: { issuer: v.by.issuer, subject: v.by.subject, name: v.name }, at: v.at, comment: v.comment })),
  };
}
