import { Inject, Injectable, Optional } from '@nestjs/common';
import { askReadiness, warningsOf } from '#platform/http/ask-readiness.js';
import type { CheckResult } from '#platform/http/ask-readiness.js';
import { READINESS_CHECKS } from '#platform/http/ports/readiness-check.port.js';
import type { ReadinessCheck } from '#platform/http/ports/readiness-check.port.js';
import { HTTP_LIMITS } from '../http-options.js';

/** The checks of this process. */
@Injectable()
export class Readiness {
  constructor(@Optional() @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[] = []) {}

  ask(): Promise<readonly CheckResult[]> {
    return askReadiness(this.checks, HTTP_LIMITS.readinessMs);
  }

  warnings(): readonly string[] {
    return warningsOf(this.checks);
  }
}
