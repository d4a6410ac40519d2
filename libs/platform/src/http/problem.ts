import type { InputFault } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';

/** An error as RFC 9457 has it, `application/problem+json`. */
export interface Problem {
  /** `urn:countersign:error:` and the code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** `urn:countersign:request:` and the id that `X-Request-Id` and the log carry. */
  readonly instance: string;
  readonly errors?: readonly InputFault[];
}

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** The one place that says which status a code has. */
export const PROBLEMS: Readonly<Record<ErrorCode, { readonly status: number; readonly title: string }>> = {
  MALFORMED_JSON: { status: 400, title: 'The body is not JSON' },
  MALFORMED_REQUEST: { status: 400, title: 'The request is not HTTP as it should be' },
  UNAUTHENTICATED: { status: 401, title: 'A valid access token is needed' },
  ROLE_REQUIRED: { status: 403, title: 'The caller lacks the role for this call' },
  SELF_APPROVAL: { status: 403, title: 'Nobody decides on his own operation' },
  NOT_ELIGIBLE: { status: 403, title: 'No policy names the caller for this' },
  NOT_YOUR_OPERATION: { status: 403, title: 'The operation is not the caller’s' },
  KEY_NOT_ALLOWED: { status: 403, title: 'The caller may not ask for this key' },
  PROOF_REQUIRED: { status: 403, title: 'A signature of the caller’s own is needed' },
  CREDENTIAL_NOT_ACTIVE: { status: 403, title: 'The credential is not active' },
  SESSION_REQUIRED: { status: 403, title: 'No open administration session covers this' },
  OPERATION_NOT_FOUND: { status: 404, title: 'There is no such operation' },
  KEY_NOT_FOUND: { status: 404, title: 'There is no such key' },
  SIGN_ORDER_NOT_FOUND: { status: 404, title: 'There is no such sign order' },
  POLICY_NOT_FOUND: { status: 404, title: 'There is no such policy' },
  NOT_FOUND: { status: 404, title: 'There is nothing here' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The method does not go with this path' },
  REQUEST_TIMEOUT: { status: 408, title: 'The request took too long to arrive' },
  OPERATION_NOT_APPROVED: { status: 409, title: 'The operation is not approved' },
  OPERATION_APPROVED: { status: 409, title: 'The operation is approved already' },
  OPERATION_EXHAUSTED: { status: 409, title: 'Every use of the operation is spent' },
  OPERATION_NOT_YET_VALID: { status: 409, title: 'The operation’s window is not open yet' },
  OPERATION_EXPIRED: { status: 409, title: 'The operation has expired' },
  OPERATION_REJECTED: { status: 409, title: 'The operation was rejected' },
  OPERATION_REVOKED: { status: 409, title: 'The operation was revoked' },
  USAGE_EXHAUSTED: { status: 409, title: 'Not enough uses are left' },
  REQUEST_DIGEST_MISMATCH: { status: 409, title: 'The digest is not that of the request' },
  APPROVAL_IN_USE: { status: 409, title: 'A use was reserved under this approval' },
  ALREADY_DECIDED: { status: 409, title: 'The caller, or for whom he decides, decided before' },
  KEY_DISABLED: { status: 409, title: 'The key is disabled' },
  KEY_EXISTS: { status: 409, title: 'The key or its key pair is registered already' },
  DIGEST_NOT_BOUND: { status: 409, title: 'The operation is bound to other digests' },
  CHALLENGE_EXPIRED: { status: 409, title: 'The challenge is too old' },
  CHALLENGE_USED: { status: 409, title: 'The challenge was answered before' },
  CHALLENGE_MISMATCH: { status: 409, title: 'The proof is not over this challenge' },
  CONTROL_PLANE_MOVED: { status: 409, title: 'The control plane has changed meanwhile' },
  SESSION_ENDING: { status: 409, title: 'The administration session is about to end' },
  QUORUM_TOO_SMALL: { status: 409, title: 'Too few active administrators would be left' },
  ACCOUNT_TAKEN: { status: 409, title: 'The account belongs to another person' },
  CREDENTIAL_EXISTS: { status: 409, title: 'The key belongs to a credential already' },
  GENESIS_REQUIRED: { status: 409, title: 'This deployment has no genesis' },
  REVISION_NOT_REACHED: { status: 412, title: 'The read model has not reached this revision' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'The request is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Bodies are application/json' },
  VALIDATION_FAILED: { status: 422, title: 'The input is not valid' },
  KEY_UNKNOWN: { status: 422, title: 'The key is not known, or none of the operation’s' },
  POLICY_UNSATISFIABLE: { status: 422, title: 'Nobody could ever meet this policy' },
  ALGORITHM_UNSUPPORTED: { status: 422, title: 'The token cannot do this algorithm' },
  PKCS11_KEY_NOT_FOUND: { status: 422, title: 'The token has no such key pair' },
  PROOF_INVALID: { status: 422, title: 'The proof does not prove' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'The idempotency key came with another body before' },
  RATE_LIMITED: { status: 429, title: 'Too many requests' },
  INTERNAL: { status: 500, title: 'Something went wrong inside' },
  HSM_UNAVAILABLE: { status: 503, title: 'The HSM cannot be used now' },
  STORE_UNAVAILABLE: { status: 503, title: 'The store cannot be used now' },
  IDENTITY_UNAVAILABLE: { status: 503, title: 'The identity provider’s keys cannot be had now' },
};

/** @param requestId the id of the request that it answers */
export function problemOf(code: ErrorCode, detail: string, requestId: string, faults?: readonly InputFault[]): Problem {
  const { status, title } = PROBLEMS[code];
  const problem = { type: `urn:countersign:error:${code}`, title, status, detail, code, instance: `urn:countersign:request:${requestId}` };
  return faults === undefined || faults.length === 0 ? problem : { ...problem, errors: faults };
}
