import { isObject } from '../../domain/control-plane/members.js';

/** The challenge that a browser's response says it answers, base64url; undefined when it says none. Whether it does, its verification tells. */
export function challengeOf(response: unknown): string | undefined {
  const inner = isObject(response) && isObject(response['response']) ? response['response']['clientDataJSON'] : undefined;
  if (typeof inner !== 'string' || inner.length > 8_192) return undefined;
  try {
    const client: unknown = JSON.parse(Buffer.from(inner, 'base64url').toString('utf8'));
    return isObject(client) && typeof client['challenge'] === 'string' ? client['challenge'] : undefined;
  } catch {
    return undefined;
  }
}
