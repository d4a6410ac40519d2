import type { JsonSchema } from './json-schema.js';

// Schemas of the values that many answers share.
export const UUID: JsonSchema = { type: 'string', format: 'uuid' };
export const INSTANT: JsonSchema = { type: 'string', format: 'date-time', description: 'RFC 3339, UTC, milliseconds', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$' };
export const BASE64: JsonSchema = { type: 'string', description: 'base64, standard alphabet, padded', pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$' };
export const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
export const KEY_ID: JsonSchema = { type: 'string', pattern: '^[a-z0-9][a-z0-9_.-]{0,63}$' };
export const TEXT: JsonSchema = { type: 'string' };
