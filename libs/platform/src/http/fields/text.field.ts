import { BASE64, KEY_ID } from '../schema/texts.js';
import { base64Bytes, isBase64 } from '../base64.js';
import { instantOf } from '../instant.js';
import type { Check } from './field.js';
import { Field, OK, fault } from './field.js';

interface Optional {
  readonly optional?: boolean;
  readonly description?: string;
}
const described = (description: string | undefined) => (description === undefined ? {} : { description });

/** Characters are Unicode code points, as JSON Schema counts them. Only counted one by one where it can matter. */
const longerThan = (text: string, max: number): boolean => text.length > max && (text.length > 2 * max || [...text].length > max);

export const textOf = (min: number, max: number): Check => (value) =>
  typeof value !== 'string' ? fault('must be a text') : value.length < min || longerThan(value, max) ? fault(`must have ${min} to ${max} characters`) : OK;

/** A text for people. NUL and lone surrogates are refused for the whole body before. */
export const TextField = (min: number, max: number, o: Optional = {}): PropertyDecorator =>
  Field({ check: textOf(min, max), schema: { type: 'string', minLength: min, maxLength: max, ...described(o.description) }, optional: o.optional });

export const patternOf = (pattern: RegExp, message: string): Check => (value) => (typeof value === 'string' && pattern.test(value) ? OK : fault(message));

export const PatternField = (pattern: RegExp, message: string, o: Optional = {}): PropertyDecorator =>
  Field({ check: patternOf(pattern, message), schema: { type: 'string', pattern: pattern.source, ...described(o.description) }, optional: o.optional });

export const KEY_ID_PATTERN = new RegExp(String(KEY_ID['pattern']));
export const KeyIdField = (o: Optional = {}): PropertyDecorator =>
  Field({ check: patternOf(KEY_ID_PATTERN, 'must be 1 to 64 of a-z 0-9 - _ ., starting with a letter or digit'), schema: { ...KEY_ID, ...described(o.description) }, optional: o.optional });

export const OneOfField = (values: readonly string[], o: Optional = {}): PropertyDecorator =>
  Field({
    check: (value) => (typeof value === 'string' && values.includes(value) ? OK : fault(`must be one of ${values.join(', ')}`)),
    schema: { type: 'string', enum: values, ...described(o.description) },
    optional: o.optional,
  });

export const InstantField = (o: Optional = {}): PropertyDecorator =>
  Field({
    check: (value) => (typeof value === 'string' && instantOf(value) !== undefined ? OK : fault('must be an RFC 3339 time')),
    schema: { type: 'string', format: 'date-time', description: o.description ?? 'RFC 3339, any offset' },
    optional: o.optional,
  });

/** Base64 of at most `maxBytes` bytes. */
export const base64Of = (maxBytes: number): Check => (value) =>
  typeof value !== 'string' || !isBase64(value) ? fault('must be base64: standard alphabet, padded') : base64Bytes(value) > maxBytes ? fault(`must be at most ${maxBytes} bytes`) : OK;

export const Base64Field = (maxBytes: number, o: Optional = {}): PropertyDecorator =>
  Field({ check: base64Of(maxBytes), schema: { ...BASE64, ...described(o.description) }, optional: o.optional });
