import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

/** The pending operations that this caller may decide now and has not decided; oldest expiry first. */
export class ApprovalQueueQuery extends Query<Page<OperationView>> {
  constructor(readonly caller: Principal, readonly page: PageRequest) {
    super();
  }
}
