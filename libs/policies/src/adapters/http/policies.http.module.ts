import { Module } from '@nestjs/common';
import { PoliciesController } from './policies.controller.js';

/** The calls on policies that need no control plane. Needs the QueryBus of a global CqrsModule. */
@Module({ controllers: [PoliciesController] })
export class PoliciesHttpModule {}
