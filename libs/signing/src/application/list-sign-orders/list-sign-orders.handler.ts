import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import { DomainError } from '#kernel/domain-error.js';
import { OPERATION_STATES, OperationReaders } from '#operations/contract.js';
import type { OperationStates } from '#operations/contract.js';
import { SIGN_ORDER_LIST } from '../ports/sign-order-list.port.js';
import type { SignOrderList } from '../ports/sign-order-list.port.js';
import type { SignOrderView } from '../sign-order-view.js';
import { ListSignOrdersQuery } from './list-sign-orders.query.js';

@QueryHandler(ListSignOrdersQuery)
export class ListSignOrdersHandler implements IQueryHandler<ListSignOrdersQuery> {
  constructor(
    @Inject(OPERATION_STATES) private readonly operations: OperationStates,
    @Inject(SIGN_ORDER_LIST) private readonly orders: SignOrderList,
    private readonly readers: OperationReaders,
  ) {}

  async execute({ caller, operationId, page }: ListSignOrdersQuery): Promise<Page<SignOrderView>> {
    const { state } = await this.operations.load(operationId);
    if (state.request === null) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
    this.readers.admit(state, caller);
    return this.orders.ofOperation(operationId, page);
  }
}
