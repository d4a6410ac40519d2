import type { ErrorCode } from './error-code.js';

/** One thing wrong with an input; `path` is a JSON Pointer into the body, or the name of a parameter or header. */
export interface InputFault {
  readonly path: string;
  readonly message: string;
}

/** A refusal with a stable code. `detail` is for people and holds no secret, no SQL, no PKCS#11 text. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    readonly more: { readonly faults?: readonly InputFault[]; readonly retryAfterSeconds?: number } = {},
  ) {
    super(`${code}: ${detail}`);
  }
}

/** The input is of the wrong shape: 422 VALIDATION_FAILED with one entry a fault. */
export const invalid = (...faults: readonly InputFault[]): DomainError =>
  new DomainError('VALIDATION_FAILED', faults.map((f) => `${f.path}: ${f.message}`).join('; '), { faults });
