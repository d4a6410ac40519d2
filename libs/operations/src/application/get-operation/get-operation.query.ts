import { Query } from '@nestjs/cqrs';
import type { Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

/**
 * @param minRevision waited for up to 2 s, then REVISION_NOT_REACHED; null: whatever is there
 * @param untilDecidedMs answers when it is no longer pending, or after so many ms; null: at once
 * @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION, REVISION_NOT_REACHED
 */
export class GetOperationQuery extends Query<OperationView> {
  constructor(readonly caller: Principal, readonly operationId: string, readonly minRevision: number | null, readonly untilDecidedMs: number | null) {
    super();
  }
}
