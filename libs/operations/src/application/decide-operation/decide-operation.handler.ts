import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { personOf } from '../person.js';
import { RefusalRecorder } from '../record-refusals/refusal-recorder.js';
import { DecideOperationCommand } from './decide-operation.command.js';

@CommandHandler(DecideOperationCommand)
export class DecideOperationHandler implements ICommandHandler<DecideOperationCommand> {
  constructor(@Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor, private readonly refusals: RefusalRecorder) {}

  async execute({ meta, caller, operationId, decision, requestDigest, comment }: DecideOperationCommand): Promise<OperationView> {
    const by = personOf(caller);
    try {
      const executed = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'decide', decision, by, requestDigest, comment, now }) });
      return answer(executed.folded);
    } catch (error) {
      this.refusals.decision(operationId, meta.actor, error);
      throw error;
    }
  }
}
