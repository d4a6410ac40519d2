const ALPHABET = /^[A-Za-z0-9_-]*$/;

/** Bytes of a text in base64url without padding (RFC 7515, 2), unused bits zero, so that equal bytes are equal texts; undefined when it is none. */
export function base64urlBytes(text: string): Buffer | undefined {
  if (!ALPHABET.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
