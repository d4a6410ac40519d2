import { ADMINISTRATORS } from '#administration/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { Actor } from '#kernel/actor.js';
import { SIGHTING_LASTS_MS } from '#identity/contract.js';
import type { Directory, Relation, SeenClaims, StandIn } from '#identity/contract.js';
import { optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { inOrder } from './sequence.js';
import type { OperationState, StandingDecision } from './state.js';

/** Whether `ms` have gone by since `at`. */
export const isOlderThan = (at: Instant, ms: number, now: Instant): boolean => Date.parse(now) - Date.parse(at) >= ms;

/** The approvals that a policy counts at this time, each as the human who gave it with the claims that count. Status, groups and clock are looked at anew each time (rule 24). */
export function approversFor(policy: Policy, state: OperationState, now: Instant, directory: Directory): readonly PolicyPrincipal[] {
  const given = state.decisions.filter((d) => d.decision === 'approve').filter(inOrder(policy, state, directory));
  const counting = given.flatMap((d) => approverOf(policy, d, state, now, directory) ?? []);
  const own = new Set(counting.filter((c) => c.inNameOf === undefined).map((c) => c.principal.person));
  // One human once: whoever approved himself is not approved for as well, nor twice by two deputies.
  const taken = new Set<string>();
  return counting.flatMap(({ principal, inNameOf }) => {
    if (inNameOf !== undefined && (own.has(inNameOf) || own.has(principal.person) || taken.has(inNameOf))) return [];
    if (inNameOf !== undefined) taken.add(inNameOf);
    return [principal];
  });
}

interface Counting {
  readonly principal: PolicyPrincipal;
  readonly inNameOf: string | undefined;
}

function approverOf(policy: Policy, d: StandingDecision, state: OperationState, now: Instant, directory: Directory): Counting | undefined {
  const { approvalValidityMs, requiredProof } = optionsOf(policy);
  if (approvalValidityMs !== null && isOlderThan(d.at, approvalValidityMs, now)) return undefined;
  if (requiredProof !== 'token' && (d.proof === undefined || (requiredProof === 'webauthn' && d.proof.type !== 'webauthn'))) return undefined;
  if (d.proof !== undefined && !isActive(d, directory)) return undefined;
  if (isBarred(state, d.by, now, directory)) return undefined;
  const standIn = d.onBehalfOf;
  if (standIn !== undefined && isBarred(state, standIn.principal, now, directory)) return undefined;
  const claims = claimsAtUse(policy, d, now, directory);
  if (claims === undefined || isExclusive(claims.groups, directory)) return undefined;
  return { principal: { issuer: d.by.issuer, subject: d.by.subject, ...claims, person: directory.personOf(d.by) }, inNameOf: standIn === undefined ? undefined : directory.personOf(standIn.principal) };
}

/** A signature counts as long as its credential does, also where the policy asked for none. */
function isActive({ by, proof }: StandingDecision, directory: Directory): boolean {
  const credential = proof === undefined ? undefined : directory.credential(proof.credentialId);
  return credential?.status === 'active' && directory.personOf(credential.owner) === directory.personOf(by);
}

/** Whoever never decides this operation: who asked under any account, his delegate, the owner of what asked, whom a grant excludes, who is suspended. */
export function isBarred(state: OperationState, account: Actor, now: Instant, directory: Directory): boolean {
  return directory.isSuspended(account) || relationTo(state, account, now, directory) !== undefined;
}

export function relationTo(state: OperationState, account: Actor, now: Instant, directory: Directory): Relation | undefined {
  const requester = state.request?.requestedBy;
  if (requester === undefined) return undefined;
  const excluded = (state.request?.grants ?? []).some((g) => g.excluding.some((e) => directory.personOf(e) === directory.personOf(account)));
  return excluded ? 'self' : directory.relation(requester, account, now);
}

export const isExclusive = (groups: readonly string[], directory: Directory): boolean => directory.exclusive.some(([a, b]) => groups.includes(a) && groups.includes(b));

interface Claims {
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Roles and groups of somebody who comes with a token now, as this policy takes them: of a roster where there is one, which a token narrows and never widens. */
export function claimsNow(policy: Policy, account: Actor & Claims, directory: Directory): Claims {
  const roster = optionsOf(policy).requiredProof === 'token' ? undefined : directory.rosterGroups(account);
  if (roster === undefined) return account;
  // Where a genesis was laid, a token makes nobody an administrator.
  const roles = roster.includes(ADMINISTRATORS) ? account.roles : account.roles.filter((role) => role !== 'administrator');
  return { roles, groups: account.groups.filter((g) => roster.includes(g)) };
}

/** What a deputy brings of his principal: the groups that were named, as far as the principal himself is still known to be in them. */
export function claimsOfStandIn(policy: Policy, { principal, groups }: StandIn, now: Instant, directory: Directory): Claims | undefined {
  const roster = optionsOf(policy).requiredProof === 'token' ? undefined : directory.rosterGroups(principal);
  const held = roster ?? directory.seen(principal, now)?.groups;
  return held === undefined ? undefined : { roles: ['approver'], groups: groups.filter((g) => held.includes(g)) };
}

function claimsAtUse(policy: Policy, d: StandingDecision, now: Instant, directory: Directory): Claims | undefined {
  const told: Claims = { roles: d.by.roles, groups: d.by.groups };
  const { evaluateEligibility } = optionsOf(policy);
  if (d.onBehalfOf !== undefined) {
    const { deputyId, groups } = d.onBehalfOf;
    if (evaluateEligibility === 'atDecision') return { roles: ['approver'], groups };
    const standIn = directory.principalsOf(d.by, d.at).find((s) => s.deputyId === deputyId);
    return standIn === undefined ? undefined : claimsOfStandIn(policy, { ...standIn, groups: standIn.groups.filter((g) => groups.includes(g)) }, now, directory);
  }
  if (evaluateEligibility === 'atDecision') return told;
  if (optionsOf(policy).requiredProof !== 'token' && directory.rosterGroups(d.by) !== undefined) return claimsNow(policy, { ...d.by, ...told }, directory);
  return lastSeen(d, told, directory.seen(d.by, now), now);
}

/** The decision's own token tells his groups as well: the newer of both counts. */
function lastSeen(d: StandingDecision, told: Claims, seen: SeenClaims | undefined, now: Instant): Claims | undefined {
  if (seen !== undefined && seen.at > d.at) return { roles: seen.roles, groups: seen.groups };
  return seen === undefined && isOlderThan(d.at, SIGHTING_LASTS_MS, now) ? undefined : told;
}
