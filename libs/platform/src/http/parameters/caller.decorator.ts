import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import { bodyDigest } from '../body-digest.js';
import { commandIdOf } from '#eventing/command-id.js';
import type { CheckedRequest } from '../request-facts.js';

const requestOf = (context: ExecutionContext): CheckedRequest => context.switchToHttp().getRequest<CheckedRequest>();

function principalOf(request: CheckedRequest): Principal {
  if (request.principal === null) throw new TypeError('a handler of a public route asks who calls');
  return request.principal;
}

/** Who calls, by his token. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => principalOf(requestOf(context)));

/** The meta of the command that this request asks for. Every check of the request's shape has passed when it is made, so the body has a canonical form. */
export const Meta = createParamDecorator((_: unknown, context: ExecutionContext): CommandMeta => {
  const request = requestOf(context);
  const { issuer, subject } = principalOf(request);
  const path = request.url.split('?', 1)[0] ?? '';
  const key = request.idempotencyKey;
  return {
    commandId: commandIdOf({ issuer, subject, method: request.method, path, key }),
    keyed: key !== null,
    ...(key === null ? {} : { idempotencyKey: key }),
    actor: { issuer, subject },
    bodyDigest: bodyDigest(request.body),
    requestId: request.id,
  };
});

/** What was asked, as it was asked: what a proof of it is over. */
export interface AskedCall {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** `{}` of a call without one. */
  readonly body: unknown;
}
export const Asked = createParamDecorator((_: unknown, context: ExecutionContext): AskedCall => {
  const { method, url, body } = requestOf(context);
  return { method, path: url.split('?', 1)[0] ?? '', body: body ?? {} };
});

/** The body: JSON of the class that the endpoint declares, checked. */
export const Input = createParamDecorator((_: unknown, context: ExecutionContext): unknown => requestOf(context).body);
/** The query: texts of the class that the endpoint declares, checked. */
export const Filter = createParamDecorator((_: unknown, context: ExecutionContext): unknown => requestOf(context).query);
