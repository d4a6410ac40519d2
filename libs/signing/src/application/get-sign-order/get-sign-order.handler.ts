import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel/domain-error.js';
import { OPERATION_EXECUTOR, OperationReaders, operationStream } from '#operations/contract.js';
import type { OperationExecutor } from '#operations/contract.js';
import type { SignOrderView } from '../sign-order-view.js';
import { GetSignOrderQuery } from './get-sign-order.query.js';
import { SignOrders } from './sign-orders.js';

@QueryHandler(GetSignOrderQuery)
export class GetSignOrderHandler implements IQueryHandler<GetSignOrderQuery> {
  constructor(@Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor, private readonly orders: SignOrders, private readonly readers: OperationReaders) {}

  async execute({ caller, operationId, signOrderId }: GetSignOrderQuery): Promise<SignOrderView> {
    const { state, revision } = await this.operations.states.load(operationStream(operationId));
    if (revision < 0) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
    this.readers.admit(state, caller);
    return (await this.orders.find(operationId, signOrderId)).view;
  }
}
