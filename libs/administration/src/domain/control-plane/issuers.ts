import { ROLES } from '#identity/contract.js';
import type { RoleRule, TrustedIssuer } from '#identity/contract.js';
import { sameJson } from './lists.js';
import { isObject, MAX_TEXT, readObject, textItem } from './members.js';
import type { Checked, Members } from './members.js';

const MAX_ISSUERS = 100;
const MAX_CLAIM = 255;
const URL_PATTERN = /^https?:\/\/[^\s?#@]+$/;
const URL_MESSAGE = 'must be a URL without credentials, query and fragment';
/** RFC 6761's name, 127.0.0.0/8 and ::1: what is trusted elsewhere is https. */
const LOOPBACK = /^http:\/\/(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d+)?(?:\/|$)/i;

export function readIssuers(members: Members, name: string, min = 1): readonly TrustedIssuer[] {
  const issuers = members.list(name, MAX_ISSUERS, readIssuer, min);
  if (new Set(issuers.map((one) => one.issuer)).size < issuers.length) members.fault(name, 'names an issuer twice');
  return issuers;
}

/** As in the configuration. */
const readIssuer = (value: unknown, at: string): Checked<TrustedIssuer> =>
  readObject(value, at, (m) => ({
    issuer: trustedUrl(m, 'issuer'),
    audience: m.text('audience', 1, MAX_CLAIM),
    jwksUri: m.optional('jwksUri', (name) => trustedUrl(m, name)),
    rolesClaim: m.optional('rolesClaim', (name) => m.text(name, 1, MAX_CLAIM)) ?? 'roles',
    groupsClaim: m.optional('groupsClaim', (name) => m.text(name, 1, MAX_CLAIM)) ?? 'groups',
    nameClaim: m.optional('nameClaim', (name) => m.text(name, 1, MAX_CLAIM)) ?? 'name',
    displayClaims: m.optional('displayClaims', (name) => m.list(name, 50, textItem(1, MAX_CLAIM))) ?? [],
    rules: m.optional('rules', (name) => m.list(name, 100, readRule)) ?? [],
  }));

function trustedUrl(m: Members, name: string): string {
  const url = m.fitting(name, URL_PATTERN, URL_MESSAGE);
  if (url?.startsWith('http:') === true && !LOOPBACK.test(url)) m.fault(name, 'must be https, or http on a loopback address');
  return url;
}

/** Whether two lists trust the same, in whatever order. */
export const sameIssuers = (a: readonly TrustedIssuer[], b: readonly TrustedIssuer[]): boolean => a.length === b.length && a.every((one) => b.some((other) => sameJson(one, other)));

const readRule = (value: unknown, at: string): Checked<RoleRule> =>
  readObject(value, at, (m) => ({
    match: m.part('match', readMatch),
    roles: m.list('roles', ROLES.length, (role, path) => {
      const known = ROLES.find((one) => one === role);
      return known === undefined ? { faults: [{ path, message: `must be one of ${ROLES.join(', ')}` }] } : { value: known };
    }, 1),
  }));

/** Claims that must be so; numbers and truth values as texts. */
function readMatch(value: unknown, at: string): Checked<RoleRule['match']> {
  if (!isObject(value)) return { faults: [{ path: at, message: 'must be a JSON object' }] };
  const entries = Object.entries(value);
  if (entries.length === 0 || entries.length > 20) return { faults: [{ path: at, message: 'must have 1 to 20 members' }] };
  const odd = entries.find(([, wanted]) => typeof wanted !== 'number' && typeof wanted !== 'boolean' && (typeof wanted !== 'string' || wanted === '' || wanted.length > MAX_TEXT));
  if (odd !== undefined) return { faults: [{ path: `${at}/${odd[0].replaceAll('~', '~0').replaceAll('/', '~1')}`, message: 'must be a text, a number or a truth value' }] };
  return { value: Object.fromEntries(entries.map(([claim, wanted]) => [claim, String(wanted)])) };
}
