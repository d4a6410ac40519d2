import { HttpException } from '@nestjs/common';
import { DomainError } from '#kernel/domain-error.js';
import type { InputFault } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import { PROBLEMS } from '#platform/http/problem.js';

/** What an answer says of an error. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly faults?: readonly InputFault[];
  readonly retryAfterSeconds?: number;
}

/** Errors of ports that nobody handled. Known by name: some come from other threads, where no class is the same. */
const STORE_ERRORS: ReadonlySet<string> = new Set(['StoreUnavailableError', 'OutcomeUnknownError', 'ConflictError']);
/** Errors of the framework. Their own texts are not handed on. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = { 400: 'MALFORMED_REQUEST', 404: 'NOT_FOUND', 405: 'METHOD_NOT_ALLOWED', 408: 'REQUEST_TIMEOUT', 413: 'PAYLOAD_TOO_LARGE', 414: 'MALFORMED_REQUEST', 415: 'UNSUPPORTED_MEDIA_TYPE', 431: 'MALFORMED_REQUEST' };

/** @returns undefined for what nobody foresaw: 500, and its text stays in the log */
export function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof DomainError) {
    const { faults, retryAfterSeconds } = error.more;
    return { code: error.code, detail: error.detail, ...(faults === undefined ? {} : { faults }), ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) };
  }
  if (error instanceof Error && STORE_ERRORS.has(error.name)) return { code: 'STORE_UNAVAILABLE', detail: 'the store cannot be used now' };
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  const code = BY_STATUS[status];
  return code === undefined ? undefined : { code, detail: PROBLEMS[code].title };
}

const statusOf = (error: unknown): number => (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500);
