import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import type { PolicyPrincipal } from '#policies/contract.js';
import { mayDecideNow } from '../../domain/operation/decision.js';
import type { OperationView } from '../operation-view.js';
import { personOf } from '../person.js';
import { forDeciding } from '../mutual-approvals.js';
import { APPROVER_PAIRS } from '../ports/approver-pairs.port.js';
import type { ApproverPairs } from '../ports/approver-pairs.port.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { PENDING_OPERATIONS } from '../ports/pending-operations.port.js';
import type { PendingOperation, PendingOperations, QueueTerm } from '../ports/pending-operations.port.js';
import { viewOperation } from '../view-operation.js';
import { ApprovalQueueQuery } from './approval-queue.query.js';

/** Candidates that are looked at together. */
const MOST_AT_ONCE = 500;

/** The index only proposes: what is in the queue is decided by the function that decides whether a decision is accepted. */
@QueryHandler(ApprovalQueueQuery)
export class ApprovalQueueHandler implements IQueryHandler<ApprovalQueueQuery> {
  constructor(
    @Inject(PENDING_OPERATIONS) private readonly pending: PendingOperations,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(APPROVER_PAIRS) private readonly pairs: ApproverPairs,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
  ) {}

  async execute({ caller, page }: ApprovalQueueQuery): Promise<Page<OperationView>> {
    const person = personOf(caller);
    const now = this.clock.now().closing;
    const directory = await forDeciding(this.controlPlane.known(), caller, this.pairs, now, false);
    // One more than asked for tells whether there is a next page.
    const wanted = page.limit + 1;
    const found: PendingOperation[] = [];
    const terms = termsOf(person, directory, now);
    // Most candidates are decidable, but for stretches of operations whose approvals count.
    for (let cursor = page.cursor, looked = wanted; found.length < wanted; looked = Math.min(2 * looked, MOST_AT_ONCE)) {
      const candidates = await this.pending.candidates(person, terms, now, cursor, looked);
      found.push(...candidates.filter((c) => mayDecideNow(c.state, person, now, directory)));
      cursor = candidates.at(-1)?.cursor ?? cursor;
      if (candidates.length < looked) break;
    }
    const shown = found.slice(0, page.limit);
    const items = shown.flatMap(({ state, revision }) => viewOperation(state, revision, now, directory) ?? []);
    const last = shown.at(-1);
    return { items, ...(found.length > page.limit && last !== undefined ? { nextCursor: last.cursor } : {}) };
  }
}

/** Every (role, group) that he may fill, as himself or for others; the group '' is any. */
function termsOf(person: PolicyPrincipal, directory: Directory, now: Instant): readonly QueueTerm[] {
  const own = { roles: person.roles, groups: person.groups };
  const terms = new Map<string, QueueTerm>();
  for (const { roles, groups } of [own, ...directory.principalsOf(person, now).map((s) => ({ roles: ['approver'], groups: s.groups }))])
    for (const role of roles) for (const group of ['', ...groups]) terms.set(JSON.stringify([role, group]), { role, group });
  return [...terms.values()];
}
