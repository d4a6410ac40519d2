import { Query } from '@nestjs/cqrs';
import type { Principal } from '#identity/contract.js';
import type { SignOrderView } from '../sign-order-view.js';

/** @throws DomainError OPERATION_NOT_FOUND, SIGN_ORDER_NOT_FOUND, NOT_YOUR_OPERATION */
export class GetSignOrderQuery extends Query<SignOrderView> {
  constructor(readonly caller: Principal, readonly operationId: string, readonly signOrderId: string) {
    super();
  }
}
