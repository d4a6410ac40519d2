import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { DomainError } from '#kernel/domain-error.js';
import type { ErrorCode } from '#kernel/error-code.js';
import { KEY_ID_PATTERN } from '../fields/text.field.js';
import type { CheckedRequest } from '../request-facts.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// What can't be an id is the id of nothing: 404, like an id that nobody has.
const pathParameter = (name: string, pattern: RegExp, code: ErrorCode, thing: string, read: (text: string) => string) =>
  createParamDecorator((_: unknown, context: ExecutionContext): string => {
    const value = context.switchToHttp().getRequest<CheckedRequest>().params[name] ?? '';
    if (!pattern.test(value)) throw new DomainError(code, `there is no such ${thing}`);
    return read(value);
  });

/** A part of the path as text, decoded: of calls that say themselves what it may be. */
export const PathPart = createParamDecorator((name: string, context: ExecutionContext): string => context.switchToHttp().getRequest<CheckedRequest>().params[name] ?? '');

export const OperationId = pathParameter('operationId', UUID, 'OPERATION_NOT_FOUND', 'operation', (id) => id.toLowerCase());
export const SignOrderId = pathParameter('signOrderId', UUID, 'SIGN_ORDER_NOT_FOUND', 'sign order', (id) => id.toLowerCase());
/** That of the operation under review. */
export const ReviewId = pathParameter('reviewId', UUID, 'NOT_FOUND', 'review', (id) => id.toLowerCase());
export const KeyId = pathParameter('keyId', KEY_ID_PATTERN, 'KEY_NOT_FOUND', 'key', (id) => id);
