import type { InputFault } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import type { Role } from '#identity/contract.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { ref } from '../schema/json-schema.js';
import { shapeFaults } from '../shape.js';

/** Who may call: everybody, every caller with a role at all, callers with one of two roles, or with this role. */
export type Access = 'public' | 'any-role' | 'auditor-or-administrator' | Role;
export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
export type RequestClass = new () => object;

/** A request body. */
export interface BodyFacts {
  readonly schema: JsonSchema;
  /** What is wrong with its shape; paths are JSON Pointers into it. @param body as parsed, undefined when there is none */
  faults(body: unknown): readonly InputFault[];
  readonly examples: Readonly<Record<string, unknown>>;
}

export type RequestHeader = 'Prefer' | 'If-Min-Revision' | 'Countersign-Proof';
export type AnswerHeader = 'ETag' | 'Location';
export interface AnswerFacts {
  readonly status: number;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly examples: Readonly<Record<string, unknown>>;
  readonly headers?: readonly AnswerHeader[];
  /** `application/json` when left out. */
  readonly mediaType?: string;
}

/** Everything that the wire shows of one call: what is checked before its handler runs, and what /openapi.json says. */
export interface EndpointFacts {
  /** `operationId` of the OpenAPI document, unique. */
  readonly id: string;
  readonly method: Method;
  /** As the router takes it: `/v1/keys/:keyId`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly body?: BodyFacts;
  readonly query?: RequestClass;
  readonly headers?: readonly RequestHeader[];
  /** The first is the status that is set before the handler runs. */
  readonly answers: readonly [AnswerFacts, ...AnswerFacts[]];
  /** Codes of its own; those that follow from access and body are added. */
  readonly problems?: readonly ErrorCode[];
}

export const isMutating = (facts: EndpointFacts): boolean => facts.method !== 'GET';

/** A body of one class. */
export const bodyOf = (target: RequestClass, examples: Readonly<Record<string, unknown>>): BodyFacts => ({ schema: ref(target), faults: (body) => shapeFaults(target, body), examples });

/** Every code that a call can answer with. */
export function problemsOf(facts: EndpointFacts): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(facts.problems);
  if (facts.body) for (const code of ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_FAILED'] as const) codes.add(code);
  // Unknown query parameters are refused everywhere but on public pages.
  if (facts.access !== 'public') for (const code of ['UNAUTHENTICATED', 'ROLE_REQUIRED', 'VALIDATION_FAILED', 'RATE_LIMITED', 'STORE_UNAVAILABLE', 'IDENTITY_UNAVAILABLE'] as const) codes.add(code);
  if (facts.access !== 'public' && isMutating(facts)) codes.add('IDEMPOTENCY_KEY_REUSED');
  // A call without a body takes an empty object, and refuses anything else.
  if (isMutating(facts)) for (const code of ['MALFORMED_JSON', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const) codes.add(code);
  codes.add('INTERNAL');
  return [...codes];
}
