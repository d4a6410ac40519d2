import type { Directory } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import { mayApprove, optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { statedDecision } from './decision-facts.js';
import type { SignedApproval } from './evidence.js';

/**
 * The approvals that a policy with a sequence takes in the order in which they were given: each was open to who gave it, by the approvals that its own statement names as standing
 * before it (rule 25). What has become of those since is no matter here: who meets the policy now is asked by itself.
 * @param signed approvals whose proofs hold, oldest first
 */
export function givenInOrder(policy: Policy, signed: readonly SignedApproval[], directoryAt: (at: Instant) => Directory): ReadonlySet<SignedApproval> {
  const open = new Map<string, SignedApproval>();
  const kept = new Set<SignedApproval>();
  for (const approval of signed) {
    const read = statedDecision(approval.proof);
    if (typeof read === 'string') continue;
    const before = (read.statement.after ?? []).flatMap((digest) => open.get(digest) ?? []);
    if (!mayApprove(policy, principal(policy, approval, directoryAt), before.map((one) => principal(policy, one, directoryAt)))) continue;
    open.set(read.digest, approval);
    kept.add(approval);
  }
  return kept;
}

/** As he was when he signed: roles by his token, groups by the roster of that time; a deputy with the groups of whom he stood in for. */
function principal(policy: Policy, { by, at, roles, groups, onBehalfOf }: SignedApproval, directoryAt: (at: Instant) => Directory): PolicyPrincipal {
  const directory = directoryAt(at);
  const told = onBehalfOf === undefined ? { of: by, roles, groups } : { of: onBehalfOf.principal, roles: ['approver'], groups: onBehalfOf.groups };
  const roster = optionsOf(policy).requiredProof === 'token' ? undefined : directory.rosterGroups(told.of);
  return { issuer: by.issuer, subject: by.subject, roles: told.roles, groups: roster === undefined ? told.groups : told.groups.filter((g) => roster.includes(g)), person: directory.personOf(by) };
}
