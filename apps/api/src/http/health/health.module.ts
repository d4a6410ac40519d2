import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { Readiness } from './readiness.js';

/** /healthz, /readyz, /metrics. Asks a global module for READINESS_CHECKS and METRICS_SOURCE. */
@Module({ controllers: [HealthController], providers: [Readiness] })
export class HealthModule {}
