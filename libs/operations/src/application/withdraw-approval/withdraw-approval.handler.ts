import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import type { OperationView } from '../operation-view.js';
import { WithdrawApprovalCommand } from './withdraw-approval.command.js';

@CommandHandler(WithdrawApprovalCommand)
export class WithdrawApprovalHandler implements ICommandHandler<WithdrawApprovalCommand> {
  constructor(@Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor, @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane) {}

  async execute({ meta, operationId }: WithdrawApprovalCommand): Promise<OperationView> {
    const { directory } = await this.controlPlane.fresh();
    const executed = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'withdraw-approval', by: meta.actor, directory, now }) });
    return answer(executed.folded, directory);
  }
}
