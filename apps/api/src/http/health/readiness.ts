import { Inject, Injectable, Optional } from '@nestjs/common';
import { READINESS_CHECKS } from '#platform/http/ports/readiness-check.port.js';
import type { ReadinessCheck } from '#platform/http/ports/readiness-check.port.js';
import { HTTP_LIMITS } from '../http-options.js';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** Asks every check of this process at once. One that throws or does not answer in time has failed. */
@Injectable()
export class Readiness {
  constructor(@Optional() @Inject(READINESS_CHECKS) private readonly checks: readonly ReadinessCheck[] = []) {}

  async ask(): Promise<readonly CheckResult[]> {
    return Promise.all(this.checks.map(async (check) => {
      const reason = await answerOf(check);
      return reason === undefined ? { name: check.name, ok: true } : { name: check.name, ok: false, reason };
    }));
  }
}

async function answerOf(check: ReadinessCheck): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${HTTP_LIMITS.readinessMs} ms`), HTTP_LIMITS.readinessMs);
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch {
    return 'the check itself failed';
  } finally {
    clearTimeout(timer);
  }
}
