import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { DomainError } from '#kernel/domain-error.js';
import { operationStream } from '../../streams.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import { personOf } from '../person.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { viewReview } from '../review-view.js';
import type { ReviewView } from '../review-view.js';
import { ReviewOperationCommand } from './review-operation.command.js';

@CommandHandler(ReviewOperationCommand)
export class ReviewOperationHandler implements ICommandHandler<ReviewOperationCommand> {
  constructor(@Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor, @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane) {}

  async execute({ meta, caller, reviewId, verdict, comment }: ReviewOperationCommand): Promise<ReviewView> {
    const { directory } = await this.controlPlane.fresh();
    const { folded } = await this.operations.execute({ stream: operationStream(reviewId), meta, build: (now) => ({ type: 'review', by: personOf(caller), verdict, comment, directory, now }) });
    const view = viewReview(folded.state);
    if (view === undefined) throw new DomainError('NOT_FOUND', 'there is nothing to review');
    return view;
  }
}
