import type { Page } from '#eventing/page.js';
import { invalid } from '#kernel/domain-error.js';
import { pageOf } from '#platform/http/page.dto.js';
import type { PageQuery } from '#platform/http/page.dto.js';

/** A page of a list that is in memory. @param items in their order @param keyOf what is unlike any other's, and in that order stays where it is @throws DomainError VALIDATION_FAILED */
export function pageOfItems<T>(items: readonly T[], query: PageQuery, keyOf: (item: T) => string): Page<T> {
  const { limit, cursor } = pageOf(query);
  const after = cursor === null ? undefined : decoded(cursor);
  const from = after === undefined ? 0 : items.findIndex((item) => keyOf(item) === after) + 1;
  if (after !== undefined && from === 0) throw invalid({ path: 'cursor', message: 'is none that this list gave out' });
  const page = items.slice(from, from + limit);
  const last = page.at(-1);
  return { items: page, ...(from + limit < items.length && last !== undefined ? { nextCursor: encoded(keyOf(last)) } : {}) };
}

const encoded = (key: string): string => Buffer.from(key, 'utf8').toString('base64url');
const decoded = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8');
