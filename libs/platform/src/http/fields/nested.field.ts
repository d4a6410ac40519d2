import type { InputFault } from '#kernel/domain-error.js';
import { pointer } from '../pointer.js';
import { listOf, ref } from '../schema/json-schema.js';
import type { JsonSchema } from '../schema/json-schema.js';
import { shapeFaults } from '../shape.js';
import type { Check } from './field.js';
import { Field, OK, fault } from './field.js';

/** A list whose items pass a check; faults name the item by its index. */
export const listChecked = (min: number, max: number, item: Check): Check => (value) => {
  if (!Array.isArray(value)) return fault('must be a list');
  if (value.length < min || value.length > max) return fault(`must have ${min} to ${max} items`);
  const faults: InputFault[] = [];
  value.forEach((one: unknown, index) => {
    for (const f of item(one)) faults.push({ path: `${pointer(index)}${f.path}`, message: f.message });
  });
  return faults.length > 0 ? faults : OK;
};

export const ListField = (min: number, max: number, item: { readonly check: Check; readonly schema: JsonSchema }, o: { readonly optional?: boolean; readonly description?: string } = {}): PropertyDecorator =>
  Field({
    check: listChecked(min, max, item.check),
    schema: listOf(item.schema, { minItems: min, maxItems: max, ...(o.description === undefined ? {} : { description: o.description }) }),
    optional: o.optional,
  });

/** A list of objects of a class; no two may have the same value under `unique`. */
export const ObjectListField = (target: new () => object, o: { readonly min: number; readonly max: number; readonly unique: string }): PropertyDecorator => {
  const items = listChecked(o.min, o.max, (value) => shapeFaults(target, value));
  return Field({
    check: (value) => {
      const faults = items(value);
      if (faults.length > 0 || !Array.isArray(value)) return faults;
      const seen = new Set<unknown>();
      return value.flatMap((one: Record<string, unknown>, index): readonly InputFault[] => {
        if (seen.has(one[o.unique])) return [{ path: `${pointer(index)}${pointer(o.unique)}`, message: 'is there twice' }];
        seen.add(one[o.unique]);
        return OK;
      });
    },
    schema: listOf(ref(target), { minItems: o.min, maxItems: o.max }),
  });
};

export const ObjectField = (target: new () => object, o: { readonly optional?: boolean } = {}): PropertyDecorator =>
  Field({ check: (value) => shapeFaults(target, value), schema: ref(target), optional: o.optional });
