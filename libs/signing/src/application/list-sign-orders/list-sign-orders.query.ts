import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import type { SignOrderView } from '../sign-order-view.js';

/** Newest first. @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION, VALIDATION_FAILED (cursor) */
export class ListSignOrdersQuery extends Query<Page<SignOrderView>> {
  constructor(readonly caller: Principal, readonly operationId: string, readonly page: PageRequest) {
    super();
  }
}
