import type { ReadinessWarning } from './readiness-warnings.port.js';

/** Injection token of the `ReadinessCheck[]` of this process. */
export const READINESS_CHECKS = Symbol('ReadinessChecks');

/** One thing that must work before this process may be sent requests. */
export interface ReadinessCheck {
  /** As `/readyz` names it. */
  readonly name: string;
  /** @returns why it fails, fit for anybody's eyes; undefined when it does not */
  check(): Promise<string | undefined>;
  /** What works, and promises less than it could, fit for anybody's eyes; undefined, or left out: nothing. */
  warning?(): ReadinessWarning | undefined;
}
