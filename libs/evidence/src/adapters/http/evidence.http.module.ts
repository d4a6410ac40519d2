import { Module } from '@nestjs/common';
import { TrailsController } from './trails.controller.js';

/** The audit trails. Needs the QueryBus of a global CqrsModule. */
@Module({ controllers: [TrailsController] })
export class EvidenceHttpModule {}
