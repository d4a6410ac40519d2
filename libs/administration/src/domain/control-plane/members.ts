import type { InputFault } from '#kernel/domain-error.js';

export type Checked<T> = { readonly value: T } | { readonly faults: readonly InputFault[] };
type Json = Readonly<Record<string, unknown>>;
type ReadItem<T> = (value: unknown, at: string) => Checked<T>;

/** One step of a JSON Pointer (RFC 6901). */
const step = (name: string | number): string => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;
export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
// A lone surrogate has no UTF-8, thus no digest; a NUL is refused by stores.
const isText = (value: unknown, min: number, max: number): value is string => typeof value === 'string' && value.length >= min && value.length <= max && !/[\0\p{Surrogate}]/u.test(value);

export const MAX_NAME = 200;
export const MAX_TEXT = 2_000;
const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** What an object says under its names. What is wrong is noted, and then what was read does not count. */
export interface Members {
  raw(name: string): unknown;
  has(name: string): boolean;
  fault(name: string, message: string): void;
  text(name: string, min?: number, max?: number): string;
  fitting(name: string, pattern: RegExp, message: string): string;
  oneOf<const W extends string>(name: string, words: readonly W[]): W;
  integer(name: string, min: number, max: number): number;
  flag(name: string): boolean;
  /** In UTC with milliseconds. */
  instant(name: string): string;
  list<T>(name: string, max: number, item: ReadItem<T>, min?: number): readonly T[];
  part<T>(name: string, read: ReadItem<T>): T;
  /** Null when it is left out. */
  optional<T>(name: string, read: (name: string) => T): T | null;
}

/** Reads an object with known names. @param at JSON Pointer of the value @returns every fault, a name that nobody asked for among them */
export function readObject<T>(value: unknown, at: string, read: (members: Members) => T): Checked<T> {
  if (!isObject(value)) return { faults: [{ path: at, message: value === undefined ? 'is required' : 'must be a JSON object' }] };
  const faults: InputFault[] = [];
  const asked = new Set<string>();
  const result = read(membersOf(value, at, faults, asked));
  for (const name of Object.keys(value)) if (!asked.has(name)) faults.push({ path: `${at}${step(name)}`, message: 'is not known' });
  return faults.length > 0 ? { faults } : { value: result };
}

function membersOf(json: Json, at: string, faults: InputFault[], asked: Set<string>): Members {
  const raw = (name: string): unknown => {
    asked.add(name);
    return Object.hasOwn(json, name) ? json[name] : undefined;
  };
  const fault = (name: string, message: string): void => void faults.push({ path: `${at}${step(name)}`, message: raw(name) === undefined ? 'is required' : message });
  /** Stands where nothing usable was; it never leaves `readObject`, since a fault was noted. */
  const nothing = <T>(): T => undefined as T;
  const when = <T>(name: string, fits: (value: unknown) => value is T, message: string): T => {
    const value = raw(name);
    if (fits(value)) return value;
    fault(name, message);
    return nothing();
  };
  return {
    raw,
    has: (name) => raw(name) !== undefined,
    fault,
    text: (name, min = 1, max = MAX_NAME) => when(name, (v): v is string => isText(v, min, max), `must be a text of ${min} to ${max} characters`),
    fitting: (name, pattern, message) => when(name, (v): v is string => typeof v === 'string' && pattern.test(v), message),
    oneOf: <const W extends string>(name: string, words: readonly W[]) => when(name, (v): v is W => words.some((word) => word === v), `must be one of ${words.join(', ')}`),
    integer: (name, min, max) => when(name, (v): v is number => typeof v === 'number' && Number.isSafeInteger(v) && v >= min && v <= max, `must be a whole number from ${min} to ${max}`),
    flag: (name) => when(name, (v): v is boolean => typeof v === 'boolean', 'must be true or false'),
    instant: (name) => {
      const text = when(name, (v): v is string => typeof v === 'string' && INSTANT.test(v) && Date.parse(v) >= 0, 'must be an RFC 3339 time');
      return text === undefined ? nothing() : new Date(Date.parse(text)).toISOString();
    },
    list: <T>(name: string, max: number, item: ReadItem<T>, min = 0) => {
      const items = when(name, (v): v is readonly unknown[] => Array.isArray(v) && v.length >= min && v.length <= max, `must be a list of ${min} to ${max} items`);
      return (items ?? []).flatMap((one, i) => valueOf(item(one, `${at}${step(name)}${step(i)}`), faults));
    },
    part: (name, read) => valueOf(read(raw(name), `${at}${step(name)}`), faults)[0] ?? nothing(),
    optional: (name, read) => (raw(name) === undefined ? null : read(name)),
  };
}

function valueOf<T>(checked: Checked<T>, faults: InputFault[]): readonly T[] {
  if ('value' in checked) return [checked.value];
  faults.push(...checked.faults);
  return [];
}

export const textItem = (min = 1, max = MAX_NAME): ReadItem<string> => (value, at) =>
  isText(value, min, max) ? { value } : { faults: [{ path: at, message: `must be a text of ${min} to ${max} characters` }] };
