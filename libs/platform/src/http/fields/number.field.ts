import { Field, OK, fault } from './field.js';
import type { Check } from './field.js';

export const integerOf = (min: number, max: number): Check => (value) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max ? OK : fault(`must be a whole number from ${min} to ${max}`);

/** A JSON number; digits in a text are none. */
export const IntegerField = (min: number, max: number, o: { readonly optional?: boolean; readonly description?: string } = {}): PropertyDecorator =>
  Field({ check: integerOf(min, max), schema: { type: 'integer', minimum: min, maximum: max, ...(o.description === undefined ? {} : { description: o.description }) }, optional: o.optional });
