const SHORT = 1024;
const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

/**
 * Whether a text is base64 of RFC 4648 section 4: standard alphabet, padded, no line breaks, and the unused bits of its last character are zero,
 * so that equal bytes are equal texts.
 */
export function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false;
  // A long text is decoded and encoded again: the pattern would keep a step to go back to for every group of it.
  return text.length <= SHORT ? STRICT.test(text) : Buffer.from(text, 'base64').toString('base64') === text;
}

/** Bytes that a text, known to be base64, decodes to. */
export const base64Bytes = (text: string): number => (text.length / 4) * 3 - (text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0);
