import { Module } from '@nestjs/common';
import { PolicyAnalysisController } from './policy-analysis.controller.js';

/** The calls on policies that need no control plane. Needs the QueryBus of a global CqrsModule. */
@Module({ controllers: [PolicyAnalysisController] })
export class PoliciesHttpModule {}
