import { Module } from '@nestjs/common';
import { DecisionsController } from './decisions.controller.js';
import { ApprovalsController } from './approvals.controller.js';
import { ReviewsController } from './reviews.controller.js';
import { OperationsController } from './operations.controller.js';

/** The calls on operations. Needs the CommandBus and the QueryBus of a global CqrsModule. */
@Module({ controllers: [OperationsController, DecisionsController, ReviewsController, ApprovalsController] })
export class OperationsHttpModule {}
