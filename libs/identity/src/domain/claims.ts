/** What a token says about its bearer: the payload of a JWT whose signature was verified. */
export type Claims = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Claims => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a path, tried literally first, then by dots; undefined where nothing is. Own members only. */
export function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  let value: unknown = claims;
  for (const segment of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, segment)) return undefined;
    value = value[segment];
  }
  return value;
}

/** A list of strings, or a string of words; each once, in order. Anything else is no words. */
export function wordsOf(value: unknown): readonly string[] {
  const words: readonly unknown[] = typeof value === 'string' ? value.split(/\s+/) : Array.isArray(value) ? value : [];
  return [...new Set(words.filter((word): word is string => typeof word === 'string' && word !== '').map(shownText))];
}

// Control characters and the overrides of writing direction make a line look like another one; a lone surrogate has no UTF-8, thus no digest (RFC 8785, 3.2.2.2).
const DECEPTIVE = /[\p{Cc}\p{Surrogate}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A text of a token as approvers may see it. */
export const shownText = (value: string): string => value.replaceAll(DECEPTIVE, '\ufffd');
export const isPlainText = (value: string): boolean => shownText(value) === value;

const MAX_DEPTH = 8;

/** A claim's value as statements can hold it: JSON with plain texts; undefined where it is none, or nested too deeply. */
export function shownValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return shownText(value);
  if (typeof value === 'boolean' || value === null || (typeof value === 'number' && Number.isFinite(value))) return value;
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return undefined;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => shownValue(item, depth + 1) ?? null));
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([key, item]) => [shownText(key), shownValue(item, depth + 1) ?? null])));
}
