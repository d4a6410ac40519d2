import type { Principal, Role } from '#identity/contract.js';

const ROLES: readonly Role[] = ['administrator', 'auditor'];

/** Who may read what is known about others. */
export const seesAdministration = (caller: Principal): boolean => caller.roles.some((role) => ROLES.includes(role));
