import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import type { OperationView, OperationViewState } from '../operation-view.js';

export interface OperationFilter {
  readonly state: OperationViewState | null;
  readonly keyId: string | null;
  readonly requestedByMe: boolean;
  readonly decidedByMe: boolean;
}

/** Newest first. Who has only the role of an orderer sees his own. @throws DomainError VALIDATION_FAILED (cursor) */
export class ListOperationsQuery extends Query<Page<OperationView>> {
  constructor(readonly caller: Principal, readonly filter: OperationFilter, readonly page: PageRequest) {
    super();
  }
}
