/** What a client prefers (RFC 7240), as far as it is heard here. */
export interface Preferences {
  readonly respondAsync: boolean;
  /** Whole seconds, at most MAX_WAIT_SECONDS; null when none was given. */
  readonly waitSeconds: number | null;
}
export const MAX_WAIT_SECONDS = 60;
/** Where a call waits and the client says nothing. */
export const DEFAULT_WAIT_SECONDS = 10;
const NONE: Preferences = { respondAsync: false, waitSeconds: null };

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const VALUE = `(?:"(?:[^"\\\\]|\\\\.)*"|${TOKEN})?`;
const PART = `(${TOKEN})(?:[ \\t]*=[ \\t]*(${VALUE}))?`;
const PREFERENCE = new RegExp(`[ \\t,]*${PART}((?:[ \\t]*;[ \\t]*(?:${PART})?)*)[ \\t]*(?=,|$)`, 'y');
const bare = (value: string | undefined): string => (value?.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : (value ?? ''));

/**
 * Reads a `Prefer` header, or several joined by commas. Of a preference given twice the first counts, unknown ones are passed over,
 * and a header that is no list of preferences is as none (RFC 7240 section 2). A longer wait than MAX_WAIT_SECONDS is that long.
 */
export function preferencesOf(header: string | undefined): Preferences {
  if (header === undefined || header.length > 1000) return NONE;
  const first = new Map<string, string>();
  let at = 0;
  while (at < header.length) {
    PREFERENCE.lastIndex = at;
    const match = PREFERENCE.exec(header);
    if (!match) return /^[ \t,]*$/.test(header.slice(at)) ? resultOf(first) : NONE;
    const name = (match[1] ?? '').toLowerCase();
    if (!first.has(name)) first.set(name, bare(match[2]));
    at = PREFERENCE.lastIndex;
  }
  return resultOf(first);
}

function resultOf(first: ReadonlyMap<string, string>): Preferences {
  const wait = first.get('wait');
  return {
    respondAsync: first.get('respond-async') === '',
    waitSeconds: wait !== undefined && /^\d{1,9}$/.test(wait) ? Math.min(Number(wait), MAX_WAIT_SECONDS) : null,
  };
}
