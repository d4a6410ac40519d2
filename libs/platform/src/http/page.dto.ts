import type { PageRequest } from '#eventing/page.js';
import type { JsonSchema } from './schema/json-schema.js';
import { listOf, ref } from './schema/json-schema.js';
import { Field, OK, fault } from './fields/field.js';
import { PatternField } from './fields/text.field.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

/** Query parameters of every list; subclasses add their filters. Values are texts, as they came. */
export class PageQuery {
  @Field({
    check: (value) => (typeof value === 'string' && /^[1-9]\d{0,2}$/.test(value) && Number(value) <= MAX_LIMIT ? OK : fault(`must be a whole number from 1 to ${MAX_LIMIT}`)),
    schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
    optional: true,
  })
  readonly limit?: string;

  @PatternField(/^[\x21-\x7e]{1,1000}$/, 'must be a cursor that an answer gave', { optional: true, description: '`nextCursor` of the page before' })
  readonly cursor?: string;
}

export const pageOf = (query: PageQuery): PageRequest => ({ limit: query.limit === undefined ? DEFAULT_LIMIT : Number(query.limit), cursor: query.cursor ?? null });

/** The schema of a page of a list. */
export const pageSchema = (items: Parameters<typeof ref>[0]): JsonSchema => ({
  type: 'object',
  properties: { items: listOf(ref(items)), nextCursor: { type: 'string', description: 'opaque; absent on the last page' } },
  required: ['items'],
});
