import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** RFC 8785. @throws Error when a value has no canonical form: a lone surrogate, a number that is none */
export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('a value without canonical form');
  return text;
}

/** Base64 SHA-256 of a text's UTF-8 bytes: the digest of a statement. */
export const statementDigest = (statement: string): string => createHash('sha256').update(statement, 'utf8').digest('base64');

/** Base64 SHA-256 of a value's RFC 8785 form. */
export const canonicalDigest = (value: unknown): string => statementDigest(canonical(value));
