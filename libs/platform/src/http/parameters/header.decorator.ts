import type { ExecutionContext } from '@nestjs/common';
import { createParamDecorator } from '@nestjs/common';
import { invalid } from '#kernel/domain-error.js';
import { preferencesOf } from '../prefer.js';
import type { Preferences } from '../prefer.js';
import type { CheckedRequest } from '../request-facts.js';

const header = (context: ExecutionContext, name: string): string | undefined => {
  const value = context.switchToHttp().getRequest<CheckedRequest>().headers[name];
  return typeof value === 'object' ? value.join(', ') : value;
};

/** `If-Min-Revision`: a bare integer; null without it. */
export const MinRevision = createParamDecorator((_: unknown, context: ExecutionContext): number | null => {
  const text = header(context, 'if-min-revision');
  if (text === undefined) return null;
  if (!/^\d{1,15}$/.test(text)) throw invalid({ path: 'If-Min-Revision', message: 'must be a whole number' });
  return Number(text);
});

/** `Countersign-Proof` as it was sent: a compact JWS, of which nothing is verified; null without it. */
export const CountersignProof = createParamDecorator((_: unknown, context: ExecutionContext): string | null => {
  const text = header(context, 'countersign-proof');
  if (text === undefined) return null;
  if (!/^[\w.-]{1,20000}$/.test(text)) throw invalid({ path: 'Countersign-Proof', message: 'must be a compact JWS' });
  return text;
});

/** `Prefer`, as far as it is heard. */
export const Prefers = createParamDecorator((_: unknown, context: ExecutionContext): Preferences => preferencesOf(header(context, 'prefer')));
