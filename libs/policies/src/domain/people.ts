import type { ApproversNode } from './policy-node.js';
import type { PolicyPrincipal } from './policy.js';

/** A human with all accounts that he is listed under. */
export interface Human<P extends PolicyPrincipal = PolicyPrincipal> {
  readonly person: string;
  readonly accounts: readonly [P, ...P[]];
}

/** Who a principal is as a human. */
const personOf = ({ person, issuer, subject }: PolicyPrincipal): string => person ?? JSON.stringify([issuer, subject]);

export const isExcluded = (excludedGroups: readonly string[], { groups }: PolicyPrincipal): boolean => excludedGroups.some((g) => groups.includes(g));

/** Whether an approvers node names this account. */
export const fits = ({ role, group }: Pick<ApproversNode, 'role' | 'group'>, account: PolicyPrincipal): boolean =>
  account.roles.includes(role) && (group === null || account.groups.includes(group));

/** The different humans among principals, in the order of their first listing. Who is in an excluded group under any of his accounts is left out. */
export function humansOf<P extends PolicyPrincipal>(principals: readonly P[], excludedGroups: readonly string[]): readonly Human<P>[] {
  const byPerson = new Map<string, [P, ...P[]]>();
  for (const principal of principals) {
    const known = byPerson.get(personOf(principal));
    if (known === undefined) byPerson.set(personOf(principal), [principal]);
    else known.push(principal);
  }
  return [...byPerson].filter(([, accounts]) => !accounts.some((a) => isExcluded(excludedGroups, a))).map(([person, accounts]) => ({ person, accounts }));
}

/** The first account of a human that an approvers node names. */
export const fittingAccount = <P extends PolicyPrincipal>(leaf: ApproversNode, human: Human<P>): P | undefined => human.accounts.find((account) => fits(leaf, account));
