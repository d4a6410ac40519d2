import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import { exhaustive } from '#kernel/exhaustive.js';

/** Who must approve the use of a key. */
export type Policy = { readonly type: 'none' } | ApproversPolicy;

/** `count` different people, each with `role` and, unless it is null, in `group`. */
export interface ApproversPolicy {
  readonly type: 'approvers';
  /** 1 to MAX_APPROVERS. */
  readonly count: number;
  readonly group: string | null;
  readonly role: string;
}

/** What a policy looks at in a person. */
export interface PolicyPrincipal extends Actor {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

export interface PolicyVerdict {
  readonly met: boolean;
  /** How many more different people are needed at least. */
  readonly missing: number;
}

/** Whether the policy names this person for an approval. Whose request it is, is not the policy's matter. */
export function mayApprove(policy: Policy, person: PolicyPrincipal): boolean {
  switch (policy.type) {
    case 'none':
      return false;
    case 'approvers':
      return person.roles.includes(policy.role) && (policy.group === null || person.groups.includes(policy.group));
    default:
      return exhaustive(policy);
  }
}

/** Judges one policy by the people who approve; one person counts once, however often he is listed. */
export function evaluatePolicy(policy: Policy, approvers: readonly PolicyPrincipal[]): PolicyVerdict {
  switch (policy.type) {
    case 'none':
      return { met: true, missing: 0 };
    case 'approvers': {
      const able = approvers.filter((a) => mayApprove(policy, a));
      const people = able.filter((a, i) => able.findIndex((b) => sameActor(a, b)) === i);
      const missing = Math.max(0, policy.count - people.length);
      return { met: missing === 0, missing };
    }
    default:
      return exhaustive(policy);
  }
}

/** Whether two policies ask for the same; the order in which members are stored does not matter. */
export function samePolicy(a: Policy, b: Policy): boolean {
  switch (a.type) {
    case 'none':
      return b.type === 'none';
    case 'approvers':
      return b.type === 'approvers' && a.count === b.count && a.group === b.group && a.role === b.role;
    default:
      return exhaustive(a);
  }
}

/** The (role, group) pairs that the policy names: what an index of possible approvers is built from. */
export function policyTerms(policy: Policy): readonly { readonly role: string; readonly group: string | null }[] {
  switch (policy.type) {
    case 'none':
      return [];
    case 'approvers':
      return [{ role: policy.role, group: policy.group }];
    default:
      return exhaustive(policy);
  }
}
