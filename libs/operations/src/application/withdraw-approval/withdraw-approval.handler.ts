import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { WithdrawApprovalCommand } from './withdraw-approval.command.js';

@CommandHandler(WithdrawApprovalCommand)
export class WithdrawApprovalHandler implements ICommandHandler<WithdrawApprovalCommand> {
  constructor(@Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor) {}

  async execute({ meta, operationId }: WithdrawApprovalCommand): Promise<OperationView> {
    const executed = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'withdraw-approval', by: meta.actor, now }) });
    return answer(executed.folded);
  }
}
