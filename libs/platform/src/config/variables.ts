import { ConfigError } from './config-error.js';
import { isMapping, VariableValue, type Shape } from './shape.js';

export const PREFIX = 'COUNTERSIGN_';
export const FILE_VARIABLE = 'COUNTERSIGN_CONFIG';

/**
 * Lays the variables `COUNTERSIGN_…` over what the file says, in place. Later parsing judges the values; here only names are.
 * @throws ConfigError naming a variable that no key belongs to
 */
export function overlayVariables(root: Record<string, unknown>, schema: Shape<unknown>, env: Readonly<Record<string, string | undefined>>): void {
  // sorted, so that two variables which contradict each other do so the same way everywhere
  for (const variable of Object.keys(env).sort()) {
    const value = env[variable];
    if (!variable.startsWith(PREFIX) || variable === FILE_VARIABLE || value === undefined) continue;
    place(root, schema, variable, new VariableValue(variable, value));
  }
}

function place(root: Record<string, unknown>, schema: Shape<unknown>, variable: string, value: VariableValue): void {
  const segments = variable.slice(PREFIX.length).split('__');
  let holder: unknown = root;
  let shape = schema;
  for (const [i, segment] of segments.entries()) {
    const next = segment === '' ? null : shape.below?.child(segment, holder);
    if (next === undefined || next === null) throw new ConfigError(variable, 'is not a known variable');
    const isLast = i === segments.length - 1;
    const below = next.shape.below;
    if (isLast && below !== undefined && !below.orScalar) throw new ConfigError(variable, 'names a section or list; give its parts, with __ between');
    const there = present(holder, next.key);
    // a scalar of the file gives way to parts where either may stand, one of another variable does not
    const gone = there === undefined || there === null || (below?.orScalar === true && typeof there !== 'object');
    const placed: unknown = isLast ? value : gone ? below?.empty() : there;
    if (!put(holder, next.key, placed)) throw new ConfigError(variable, 'can not be laid over what else is configured there');
    holder = placed;
    shape = next.shape;
  }
}

const present = (holder: unknown, key: string | number): unknown =>
  (isMapping(holder) || Array.isArray(holder)) && Object.hasOwn(holder, key) ? (holder as Record<string | number, unknown>)[key] : undefined;

function put(holder: unknown, key: string | number, value: unknown): boolean {
  if (typeof key === 'number') {
    if (!Array.isArray(holder)) return false;
    holder[key] = value;
    return true;
  }
  if (!isMapping(holder)) return false;
  // defineProperty: a claim called __proto__ is a key like any other
  Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  return true;
}
