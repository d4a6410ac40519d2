import type { ApproversNode } from './policy-node.js';
import type { PolicyPrincipal } from './policy.js';

/** A human with all accounts that he is listed under. */
export interface Human {
  readonly accounts: readonly [PolicyPrincipal, ...PolicyPrincipal[]];
}

/** Who a principal is as a human. */
const personOf = ({ person, issuer, subject }: PolicyPrincipal): string => person ?? JSON.stringify([issuer, subject]);

export const isExcluded = (excludedGroups: readonly string[], { groups }: PolicyPrincipal): boolean => excludedGroups.some((g) => groups.includes(g));

/** Whether an approvers node names this account. */
export const fits = ({ role, group }: Pick<ApproversNode, 'role' | 'group'>, account: PolicyPrincipal): boolean =>
  account.roles.includes(role) && (group === null || account.groups.includes(group));

/** The different humans among principals, in the order of their first listing. Who is in an excluded group under any of his accounts is left out. */
export function humansOf(principals: readonly PolicyPrincipal[], excludedGroups: readonly string[]): readonly Human[] {
  const byPerson = new Map<string, [PolicyPrincipal, ...PolicyPrincipal[]]>();
  for (const principal of principals) {
    const known = byPerson.get(personOf(principal));
    if (known === undefined) byPerson.set(personOf(principal), [principal]);
    else known.push(principal);
  }
  return [...byPerson.values()].filter((accounts) => !accounts.some((a) => isExcluded(excludedGroups, a))).map((accounts) => ({ accounts }));
}
