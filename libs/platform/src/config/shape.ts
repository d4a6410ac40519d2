import { ConfigError } from './config-error.js';

/** A value that an environment variable gave: text still, and known by the variable's name in errors. */
export class VariableValue {
  constructor(readonly variable: string, readonly text: string) {}
}

/** What a place in the configuration may hold. `children` says how an environment variable gets further down from here. */
export interface Shape<T> {
  /** @param value as read from the file, a VariableValue, or undefined when left out @throws ConfigError */
  parse(value: unknown, path: string): T;
  /** Only where more keys or items lie below. */
  readonly below?: Below;
}
export interface Below {
  empty(): object;
  /** A scalar may stand here as well. */
  readonly orScalar: boolean;
  /** The key under which a variable's segment (`PUBLIC_URL`) is found here, with what may stand there; null: no such key. */
  child(segment: string, present: unknown): { readonly key: string | number; readonly shape: Shape<unknown> } | null;
}
export type Parsed<S> = S extends Shape<infer T> ? T : never;

const whereOf = (value: unknown, path: string): string => (value instanceof VariableValue ? value.variable : path);
const refuse = (value: unknown, path: string, what: string): never => {
  throw new ConfigError(whereOf(value, path), what);
};
const isLeftOut = (value: unknown): value is undefined | null => value === undefined || value === null;
export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof VariableValue);

/** `publicUrl` → `PUBLIC_URL` */
export const variableSegment = (key: string): string => key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** @param check says what is wrong with a text, or null */
export const text = (check: (value: string) => string | null = () => null, maxLength = 2000): Shape<string> => ({
  parse(value, path) {
    if (isLeftOut(value)) return refuse(value, path, 'is missing');
    const given = value instanceof VariableValue ? value.text : value;
    if (typeof given !== 'string') return refuse(value, path, 'must be text; put it in quotes');
    if (given === '') return refuse(value, path, 'must not be empty');
    if (given.length > maxLength) return refuse(value, path, `must have at most ${maxLength} characters`);
    if (given.includes('\0')) return refuse(value, path, 'must not hold a NUL character');
    const fault = check(given);
    return fault === null ? given : refuse(value, path, fault);
  },
});

export const integer = (min: number, max: number): Shape<number> => ({
  parse(value, path) {
    if (isLeftOut(value)) return refuse(value, path, 'is missing');
    const given = value instanceof VariableValue && /^-?\d{1,15}$/.test(value.text) ? Number(value.text) : value;
    if (typeof given !== 'number' || !Number.isInteger(given) || given < min || given > max) return refuse(value, path, `must be a whole number from ${min} to ${max}`);
    return given;
  },
});

export const flag = (): Shape<boolean> => ({
  parse(value, path) {
    const given = value instanceof VariableValue ? value.text : value;
    if (given === true || given === 'true') return true;
    if (given === false || given === 'false') return false;
    return refuse(value, path, 'must be true or false');
  },
});

export const oneOf = <const W extends string>(...words: readonly W[]): Shape<W> => ({
  parse(value, path) {
    const given = value instanceof VariableValue ? value.text : value;
    return words.find((w) => w === given) ?? refuse(value, path, `must be ${words.join(' or ')}`);
  },
});

/** A text, number or truth value, as text: what a claim is compared with. */
export const scalar = (): Shape<string> => ({
  parse: (value, path) => text().parse(typeof value === 'number' || typeof value === 'boolean' ? String(value) : value, path),
});

export const optional = <T>(shape: Shape<T>): Shape<T | null> => ({
  ...shape,
  parse: (value, path) => (isLeftOut(value) ? null : shape.parse(value, path)),
});

export const withDefault = <T>(shape: Shape<T>, value: T): Shape<T> => ({
  ...shape,
  parse: (given, path) => (isLeftOut(given) ? value : shape.parse(given, path)),
});

/** A mapping with known keys; others are refused by name. Left out, it is parsed as empty, so that its own defaults apply. */
export function section<F extends Readonly<Record<string, Shape<unknown>>>>(fields: F): Shape<{ readonly [K in keyof F]: Parsed<F[K]> }> {
  const bySegment = new Map(Object.entries(fields).map(([key, shape]) => [variableSegment(key), { key, shape }]));
  return {
    parse(value, path) {
      const given = isLeftOut(value) ? {} : value;
      if (!isMapping(given)) return refuse(value, path === '' ? 'configuration' : path, 'must be a section with keys of its own');
      const at = (key: string): string => (path === '' ? key : `${path}.${key}`);
      for (const key of Object.keys(given)) if (!Object.hasOwn(fields, key)) refuse(given[key], at(key), 'is not a known key');
      const parsed = Object.entries(fields).map(([key, shape]) => [key, shape.parse(Object.hasOwn(given, key) ? given[key] : undefined, at(key))] as const);
      return Object.fromEntries(parsed) as { readonly [K in keyof F]: Parsed<F[K]> };
    },
    below: { empty: () => ({}), orScalar: false, child: (segment) => bySegment.get(segment) ?? null },
  };
}

export const list = <T>(shape: Shape<T>, maxLength: number): Shape<readonly T[]> => ({
  parse(value, path) {
    if (isLeftOut(value)) return [];
    if (!Array.isArray(value)) return refuse(value, path, 'must be a list');
    if (value.length > maxLength) return refuse(value, path, `must have at most ${maxLength} items`);
    // Array.from: a variable for item 2 of a list of one leaves a hole, which is a missing item 1
    return Array.from(value as unknown[], (item, i) => {
      if (item === undefined) throw new ConfigError(`${path}.${i}`, 'is missing, yet a later item is given');
      return shape.parse(item, `${path}.${i}`);
    });
  },
  below: {
    empty: () => [],
    orScalar: false,
    child: (segment) => (/^(0|[1-9]\d{0,2})$/.test(segment) && Number(segment) < maxLength ? { key: Number(segment), shape } : null),
  },
});

/** A mapping with free keys (names of claims). A variable means the key that is there in other letters' case, else the name in lower case. */
export const record = <T>(shape: Shape<T>, maxSize: number): Shape<Readonly<Record<string, T>>> => ({
  parse(value, path) {
    if (!isMapping(value)) return refuse(value, path, isLeftOut(value) ? 'is missing' : 'must be a section');
    const entries = Object.entries(value);
    if (entries.length === 0 || entries.length > maxSize) return refuse(value, path, `must have 1 to ${maxSize} keys`);
    return Object.fromEntries(entries.map(([key, item]) => [key, shape.parse(item, `${path}.${key}`)]));
  },
  below: {
    empty: () => ({}),
    orScalar: false,
    child(segment, present) {
      const keys = isMapping(present) ? Object.keys(present) : [];
      return { key: keys.find((key) => variableSegment(key) === segment) ?? segment.toLowerCase(), shape };
    },
  },
});

/** Either of two: a scalar, or what has parts. */
export const scalarOr = <A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> => ({
  parse: (value, path) => (isMapping(value) || Array.isArray(value) ? other.parse(value, path) : one.parse(value, path)),
  ...(other.below === undefined ? {} : { below: { ...other.below, orScalar: true } }),
});

/** Nothing, said aloud. */
export const off = (): Shape<null> => ({
  parse(value, path) {
    const given = value instanceof VariableValue ? value.text : value;
    return isLeftOut(given) || given === false || given === 'off' || given === 'false' ? null : refuse(value, path, 'must be off, or a section with keys of its own');
  },
});
