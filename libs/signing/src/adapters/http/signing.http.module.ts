import { Module } from '@nestjs/common';
import { SignOrdersController } from './sign-orders.controller.js';

/** The calls on sign orders. Needs the CommandBus and the QueryBus of a global CqrsModule. */
@Module({ controllers: [SignOrdersController] })
export class SigningHttpModule {}
