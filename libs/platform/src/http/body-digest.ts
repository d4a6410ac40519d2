import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
const EMPTY = sha256('{}');

/** SHA-256 of a body as RFC 8785 JSON, base64; of `{}` when there is no body. @param body JSON whose shape was checked */
export function bodyDigest(body: unknown): string {
  if (body === undefined) return EMPTY;
  const text = canonicalize(body);
  if (text === undefined) throw new TypeError('a body without canonical form');
  return sha256(text);
}
