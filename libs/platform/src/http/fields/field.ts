import { registerDecorator } from 'class-validator';
import type { InputFault } from '#kernel/domain-error.js';
import { addMember, closeSchema } from '../schema/json-schema.js';
import type { JsonSchema } from '../schema/json-schema.js';

/** What is wrong with a value; `path` is a JSON Pointer relative to that value, '' for itself. */
export type Check = (value: unknown) => readonly InputFault[];

export const OK: readonly InputFault[] = [];
export const fault = (message: string, path = ''): readonly InputFault[] => [{ path, message }];

// class-validator tells which properties failed; what exactly is wrong inside a list or an object is kept here until it is collected.
const found = new WeakMap<object, Map<string, readonly InputFault[]>>();

/** The faults that the checks of an instance's properties found during the last validation of that instance, by property. */
export const faultsOf = (instance: object): ReadonlyMap<string, readonly InputFault[]> => found.get(instance) ?? new Map();

/**
 * Property decorator of a request: its check, as a class-validator constraint, and its schema.
 * A member that is left out is a fault unless it is optional; null never stands for a member left out.
 */
export function Field(options: { readonly check: Check; readonly schema: JsonSchema; readonly optional?: boolean | undefined }): PropertyDecorator {
  const { check, schema, optional = false } = options;
  return (prototype, property) => {
    const propertyName = String(property);
    addMember(prototype.constructor, propertyName, schema, !optional);
    closeSchema(prototype.constructor);
    registerDecorator({
      name: 'field',
      target: prototype.constructor,
      propertyName,
      validator: {
        validate(value: unknown, args): boolean {
          const instance: object = args?.object ?? {};
          const faults = value !== undefined ? check(value) : optional ? OK : fault('is required');
          if (faults.length === 0) return true;
          const all = found.get(instance) ?? new Map<string, readonly InputFault[]>();
          all.set(propertyName, faults);
          found.set(instance, all);
          return false;
        },
        defaultMessage: () => 'is not valid',
      },
    });
  };
}
