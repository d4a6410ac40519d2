import type { ReadinessCheck } from './ports/readiness-check.port.js';
import type { ReadinessWarning, ReadinessWarnings } from './ports/readiness-warnings.port.js';

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

/** Of the checks that have one, and of the process; of one code the first. Not there where there is none, or none that can be told in `withinMs`. */
export async function askWarnings(checks: readonly ReadinessCheck[], withinMs: number, source?: ReadinessWarnings): Promise<{ readonly warnings?: readonly ReadinessWarning[] }> {
  const own = source === undefined ? [] : await within<readonly ReadinessWarning[]>(() => source.now(), withinMs, []).catch(() => []);
  const all = [...own, ...checks.flatMap((check) => check.warning?.() ?? [])];
  const warnings = all.filter(({ code }, i) => all.findIndex((other) => other.code === code) === i);
  return warnings.length === 0 ? {} : { warnings };
}

const answerOf = (check: ReadinessCheck, withinMs: number): Promise<string | undefined> => within<string | undefined>(() => check.check(), withinMs, `no answer within ${withinMs} ms`).catch(() => 'the check itself failed');

async function within<T>(ask: () => Promise<T>, withinMs: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), withinMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}
