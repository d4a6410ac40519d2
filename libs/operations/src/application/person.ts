import type { Principal } from '#identity/contract.js';
import type { Person } from '../domain/operation/commands.js';

export const personOf = (p: Principal): Person => ({ issuer: p.issuer, subject: p.subject, name: p.name, claims: p.claims, roles: p.roles, groups: p.groups });
