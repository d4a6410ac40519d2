import { DomainError } from '#kernel/domain-error.js';
import type { OperationStatus } from './state.js';

/** What a final state answers to a command that needs a living operation. */
export function finalRefusal(status: OperationStatus): DomainError {
  switch (status) {
    case 'rejected':
      return new DomainError('OPERATION_REJECTED', 'it was rejected');
    case 'revoked':
      return new DomainError('OPERATION_REVOKED', 'it was revoked');
    case 'expired':
      return new DomainError('OPERATION_EXPIRED', 'its window is over');
    case 'exhausted':
      return new DomainError('OPERATION_EXHAUSTED', 'every use of it is spent');
    case 'absent':
    case 'pending':
    case 'approved':
      return new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
  }
}
