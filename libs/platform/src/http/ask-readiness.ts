import type { ReadinessCheck } from './ports/readiness-check.port.js';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  readonly reason?: string;
}

/** Asks every check at once. One that throws or does not answer in `withinMs` has failed. */
export const askReadiness = (checks: readonly ReadinessCheck[], withinMs: number): Promise<readonly CheckResult[]> =>
  Promise.all(checks.map(async (check) => {
    const reason = await answerOf(check, withinMs);
    return reason === undefined ? { name: check.name, ok: true } : { name: check.name, ok: false, reason };
  }));

/** Of the checks that have any, each with its name. */
export const warningsOf = (checks: readonly ReadinessCheck[]): readonly string[] =>
  checks.flatMap((check) => {
    const warning = check.warning?.();
    return warning === undefined ? [] : [`${check.name}: ${warning}`];
  });

async function answerOf(check: ReadinessCheck, withinMs: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`no answer within ${withinMs} ms`), withinMs);
  });
  try {
    return await Promise.race([check.check(), late]);
  } catch {
    return 'the check itself failed';
  } finally {
    clearTimeout(timer);
  }
}
