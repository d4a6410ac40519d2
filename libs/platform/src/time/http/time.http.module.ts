import { Module } from '@nestjs/common';
import { ClockController } from './clock.controller.js';

/** The confirmation of the clock. Needs the CommandBus of a global CqrsModule. */
@Module({ controllers: [ClockController] })
export class TimeHttpModule {}
