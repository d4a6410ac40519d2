import { Query } from '@nestjs/cqrs';
import type { Page, PageRequest } from '#eventing/page.js';
import type { Principal } from '#identity/contract.js';
import type { TrailItem } from '../trail-item.js';

/** Events of an operation and of its sign orders, oldest first. @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION, VALIDATION_FAILED (cursor) */
export class OperationTrailQuery extends Query<Page<TrailItem>> {
  constructor(readonly caller: Principal, readonly operationId: string, readonly page: PageRequest) {
    super();
  }
}
