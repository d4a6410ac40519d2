import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { mayDecideNow } from '../../domain/operation/decision.js';
import type { OperationView } from '../operation-view.js';
import { personOf } from '../person.js';
import { PENDING_OPERATIONS } from '../ports/pending-operations.port.js';
import type { PendingOperation, PendingOperations } from '../ports/pending-operations.port.js';
import { viewOperation } from '../view-operation.js';
import { ApprovalQueueQuery } from './approval-queue.query.js';

/** The index only proposes: what is in the queue is decided by the function that decides whether a decision is accepted. */
@QueryHandler(ApprovalQueueQuery)
export class ApprovalQueueHandler implements IQueryHandler<ApprovalQueueQuery> {
  constructor(
    @Inject(PENDING_OPERATIONS) private readonly pending: PendingOperations,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
  ) {}

  async execute({ caller, page }: ApprovalQueueQuery): Promise<Page<OperationView>> {
    const person = personOf(caller);
    const now = this.clock.now().closing;
    // One more than asked for tells whether there is a next page.
    const wanted = page.limit + 1;
    const found: PendingOperation[] = [];
    for (let cursor = page.cursor; found.length < wanted; ) {
      const candidates = await this.pending.candidates(person, now, cursor, wanted);
      found.push(...candidates.filter((c) => mayDecideNow(c.state, person, now)));
      cursor = candidates.at(-1)?.cursor ?? cursor;
      if (candidates.length < wanted) break;
    }
    const shown = found.slice(0, page.limit);
    const items = shown.flatMap(({ state, revision }) => viewOperation(state, revision, now) ?? []);
    const last = shown.at(-1);
    return { items, ...(found.length > page.limit && last !== undefined ? { nextCursor: last.cursor } : {}) };
  }
}
