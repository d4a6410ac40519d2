import { Inject, Injectable, Optional } from '@nestjs/common';
import { askReadiness, askWarnings } from '#platform/http/ask-readiness.js';
import type { CheckResult } from '#platform/http/ask-readiness.js';
import { READINESS_CHECKS } from '#platform/http/ports/readiness-check.port.js';
import type { ReadinessCheck } from '#platform/http/ports/readiness-check.port.js';
import { READINESS_WARNINGS } from '#platform/http/ports/readiness-warnings.port.js';
import type { ReadinessWarning, ReadinessWarnings } from '#platform/http/ports/readiness-warnings.port.js';
import { HTTP_LIMITS } from '../http-options.js';

/** The checks and warnings of this process. */
@Injectable()
export class Readiness {
  constructor(
    @Optional() @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[] = [],
    @Optional() @Inject(READINESS_WARNINGS) private readonly source?: ReadinessWarnings,
  ) {}

  ask(): Promise<readonly CheckResult[]> {
    return askReadiness(this.checks, HTTP_LIMITS.readinessMs);
  }

  /** What is not promised, whether it is ready or not. */
  warnings(): Promise<{ readonly warnings?: readonly ReadinessWarning[] }> {
    return askWarnings(this.checks, HTTP_LIMITS.readinessMs, this.source);
  }
}
