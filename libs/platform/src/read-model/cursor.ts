import { invalid } from '#kernel/domain-error.js';

/** Longer ones are none of ours. */
const MAX_CURSOR = 1_000;

/** Where a page ended, for clients to hand back unread. @param kind of the list: a cursor of another one is refused */
export const encodeCursor = (kind: string, ...where: readonly string[]): string => Buffer.from(JSON.stringify([kind, ...where])).toString('base64url');

/** @param fields as many texts as were encoded, each with the form it must have @throws DomainError VALIDATION_FAILED at `cursor` */
export function decodeCursor(cursor: string, kind: string, ...fields: readonly RegExp[]): readonly string[] {
  const [its, ...where] = read(cursor);
  const fits = its === kind && where.length === fields.length && fields.every((form, i) => form.test(where[i] ?? ''));
  if (!fits) throw invalid({ path: 'cursor', message: 'is none that this list gave out' });
  return where;
}

/** A position as text, within 64 bits. */
export const POSITION_FORM = /^\d{1,18}$/;
/** An id or name of ours. */
export const NAME_FORM = /^[\w.-]{1,100}$/;
export const INSTANT_FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function read(cursor: string): readonly string[] {
  if (cursor.length > MAX_CURSOR) return [];
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) && value.every((v): v is string => typeof v === 'string') ? value : [];
  } catch {
    return [];
  }
}
