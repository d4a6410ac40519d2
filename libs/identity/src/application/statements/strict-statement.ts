import { canonical } from './canonical.js';

/** In UTF-16 units; an order of 1,000 digests of SHA-512 has 91,500. */
export const MAX_STATEMENT_LENGTH = 131_072;
const MAX_TEXT = 2_048;

export type Members = Readonly<Record<string, unknown>>;
export type Checks = Readonly<Record<string, (value: unknown) => boolean>>;
export type Parsed<T> = { readonly statement: T } | { readonly fault: string };

export const isText = (value: unknown, max = MAX_TEXT): value is string => typeof value === 'string' && value.length >= 1 && value.length <= max;
/** Base64 of 32 bytes. */
export const isDigest = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/.test(value);
/** Base64 of a hash that a key may have: 32, 48 or 64 bytes. */
export const isKeyDigest = (value: unknown): value is string => typeof value === 'string' && (isDigest(value) || /^[A-Za-z0-9+/]{64}$/.test(value) || /^[A-Za-z0-9+/]{85}[AQgw]==$/.test(value));
export const isListOf = (value: unknown, least: number, most: number, fits: (item: unknown) => boolean): boolean => Array.isArray(value) && value.length >= least && value.length <= most && value.every(fits);

/**
 * A statement's members, when the text is exactly the RFC 8785 form of an object with these members and no others: one meaning has one text.
 * @param checks by name; those of `optional` may be left out
 */
export function strictMembers(text: unknown, checks: Checks, optional: readonly string[] = []): { readonly members: Members } | { readonly fault: string } {
  if (typeof text !== 'string' || text.length > MAX_STATEMENT_LENGTH) return { fault: `is no text of up to ${MAX_STATEMENT_LENGTH} characters` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'is no JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { fault: 'is no JSON object' };
  const members = value as Members;
  const unknown = Object.keys(members).some((name) => !Object.hasOwn(checks, name));
  if (unknown) return { fault: 'has a member that is not known' };
  for (const [name, holds] of Object.entries(checks)) {
    if (Object.hasOwn(members, name) ? !holds(members[name]) : !optional.includes(name)) return { fault: `has no usable ${name}` };
  }
  return isCanonical(members, text) ? { members } : { fault: 'is not in canonical form (RFC 8785)' };
}

function isCanonical(value: Members, text: string): boolean {
  try {
    return canonical(value) === text;
  } catch {
    return false;
  }
}
