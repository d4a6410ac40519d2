import { ROLES, type Principal, type Role, type RoleRule, type TrustedIssuer } from '../contract.js';
import { claimAt, shownText, shownValue, wordsOf, type Claims } from './claims.js';
import { fitsGlob } from './glob.js';

const MAX_NAME_LENGTH = 255;

/** The caller that verified claims speak of. `subject` was checked by who verified them. Frozen: it is shared by requests. */
export function principalOf(issuer: TrustedIssuer, subject: string, claims: Claims): Principal {
  const name = claimAt(claims, issuer.nameClaim);
  const shown = issuer.displayClaims.map((path) => [path, shownValue(claimAt(claims, path))] as const).filter(([, value]) => value !== undefined);
  return Object.freeze({
    issuer: issuer.issuer,
    subject,
    name: typeof name === 'string' && name !== '' ? shownText(name.slice(0, MAX_NAME_LENGTH)) : null,
    roles: Object.freeze(rolesOf(issuer, claims)),
    groups: Object.freeze([...wordsOf(claimAt(claims, issuer.groupsClaim))]),
    claims: Object.freeze(Object.fromEntries(shown)),
  });
}

function rolesOf(issuer: TrustedIssuer, claims: Claims): readonly Role[] {
  const given = new Set<string>(wordsOf(claimAt(claims, issuer.rolesClaim)));
  for (const rule of issuer.rules) if (ruleHolds(rule, claims)) for (const role of rule.roles) given.add(role);
  return ROLES.filter((role) => given.has(role));
}

function ruleHolds(rule: RoleRule, claims: Claims): boolean {
  const conditions = Object.entries(rule.match);
  return conditions.length > 0 && conditions.every(([path, pattern]) => valueFits(claimAt(claims, path), pattern));
}

/** Lists fit when any element does; objects and absent claims never do, not even `*`. */
function valueFits(value: unknown, pattern: string): boolean {
  if (Array.isArray(value)) return value.some((item) => isScalar(item) && fitsGlob(pattern, String(item)));
  return isScalar(value) && fitsGlob(pattern, String(value));
}

const isScalar = (value: unknown): value is string | number | boolean => typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
