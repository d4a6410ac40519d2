import { validateSync } from 'class-validator';
import type { InputFault } from '#kernel/domain-error.js';
import { faultsOf } from './fields/field.js';
import { brokenRules } from './fields/rule.js';
import { pointer } from './pointer.js';
import { membersOf } from './schema/json-schema.js';

/** Past this many entries nobody reads on, and an answer stays small whatever was sent. */
const MAX_FAULTS = 100;
const OPTIONS = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, validationError: { target: false, value: false } } as const;

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What is wrong with the shape of a JSON value that should be a request of class `target`, with paths relative to it.
 * Unknown members are refused here too, since class-validator takes `constructor`, `hasOwnProperty`, `__proto__` and their like for known ones.
 */
export function shapeFaults<T extends object>(target: new () => T, value: unknown): readonly InputFault[] {
  if (!isRecord(value)) return [{ path: '', message: value === undefined ? 'a JSON object is required' : 'must be a JSON object' }];
  const members = membersOf(target);
  const instance = new target() as T & Record<string, unknown>;
  const faults: InputFault[] = [];
  for (const key of Object.keys(value)) {
    if (members.has(key)) (instance as Record<string, unknown>)[key] = value[key];
    else faults.push({ path: pointer(key), message: 'is not known' });
  }
  // A class without members is one that class-validator does not know.
  for (const error of members.size === 0 ? [] : validateSync(instance, OPTIONS))
    for (const f of faultsOf(instance).get(error.property) ?? [{ path: '', message: 'is not valid' }]) faults.push({ path: `${pointer(error.property)}${f.path}`, message: f.message });
  if (faults.length > 0) return faults.slice(0, MAX_FAULTS);
  return brokenRules(target, instance);
}
