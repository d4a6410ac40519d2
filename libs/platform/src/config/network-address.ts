import { isIP, isIPv4 } from 'node:net';

/** `localhost`, 127.0.0.0/8 or ::1, with or without the brackets that a URL puts around IPv6. */
export function isLoopback(host: string): boolean {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  return bare.toLowerCase() === 'localhost' || (isIPv4(bare) && bare.startsWith('127.')) || bare === '::1';
}

export const hostInUrl = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** https anywhere, or http on a loopback address; no credentials, no query, no fragment. */
export function faultOfTrustedUrl(value: string): string | null {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || url.username !== '' || url.password !== '' || value.includes('?') || value.includes('#')) return 'must be a URL without credentials, query and fragment';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return null;
  return 'must be https, or http on a loopback address';
}

/** An address, or a range as in 10.0.0.0/8. */
export function faultOfRange(value: string): string | null {
  const [address = '', bits, ...rest] = value.split('/');
  const kind = isIP(address);
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (kind === 4 ? 32 : 128));
  return kind !== 0 && isRange && rest.length === 0 ? null : 'must be an IP address or a range such as 10.0.0.0/8';
}
