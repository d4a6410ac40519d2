import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { ReviewView } from '../review-view.js';

/** What a reviewer finds of uses by an emergency path. @throws DomainError OPERATION_NOT_FOUND, NOT_FOUND (nothing to review), SELF_APPROVAL, NOT_ELIGIBLE, ALREADY_DECIDED */
export class ReviewOperationCommand extends Command<ReviewView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly reviewId: string, readonly verdict: 'justified' | 'not-justified', readonly comment: string) {
    super();
  }
}
