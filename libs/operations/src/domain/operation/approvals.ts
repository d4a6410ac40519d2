import { ADMINISTRATORS } from '#administration/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { Actor } from '#kernel/actor.js';
import { answerableFor, SIGHTING_LASTS_MS } from '#identity/contract.js';
import type { Directory, Relation, StandIn } from '#identity/contract.js';
import { optionsOf } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { inOrder } from './sequence.js';
import { asTold } from './state.js';
import type { OperationState, StandingDecision } from './state.js';

/** Whether `ms` have gone by since `at`. */
export const isOlderThan = (at: Instant, ms: number, now: Instant): boolean => Date.parse(now) - Date.parse(at) >= ms;

/** The approvals that a policy counts at this time, each as the human who gave it with the claims that count. Status, groups and clock are looked at anew each time (rule 24). */
export const approversFor = (policy: Policy, state: OperationState, now: Instant, directory: Directory): readonly PolicyPrincipal[] =>
  countingFor(policy, state, now, directory).map(({ principal }) => principal);

/** Whether it is decided already for somebody behind one of these accounts, as far as a policy counts: by himself, by a deputy, by what he owns. */
export function isDecidedFor(accounts: readonly Actor[], policy: Policy, state: OperationState, now: Instant, directory: Directory): boolean {
  const decided = new Set([...rejecters(state, directory), ...countingFor(policy, state, now, directory).flatMap(({ humans }) => humans)]);
  return accounts.some((account) => answerableFor(account, directory).some((human) => decided.has(human)));
}

interface Counting {
  readonly principal: PolicyPrincipal;
  /** All who are behind it: who gave it, in whose name, and who owns a machine that did. */
  readonly humans: readonly string[];
}

/** Nobody is behind two: what people approve for themselves comes first, then what others do for them, in the order in which it was given. For whoever rejected nobody approves. */
function countingFor(policy: Policy, state: OperationState, now: Instant, directory: Directory): readonly Counting[] {
  const given = state.decisions.filter((d) => d.decision === 'approve').filter(inOrder(policy, state, directory));
  const counting = given.flatMap((d) => approverOf(policy, d, state, now, directory) ?? []);
  if (counting.every(({ humans }) => humans.length === 1)) return counting;
  const taken = new Set([...rejecters(state, directory), ...counting.flatMap(({ humans }) => (humans.length === 1 ? humans : []))]);
  return counting.filter(({ humans }) => {
    if (humans.length === 1) return true;
    if (humans.some((human) => taken.has(human))) return false;
    for (const human of humans) taken.add(human);
    return true;
  });
}

/** Whom a decision is of: a deputy's is of whom he stands in for, a machine's of its owners too. */
export const decidedBy = ({ by, onBehalfOf }: StandingDecision, directory: Pick<Directory, 'personOf' | 'ownersOf'>): readonly string[] => answerableFor(onBehalfOf?.principal ?? by, directory);

const rejecters = (state: OperationState, directory: Directory): readonly string[] => state.decisions.flatMap((d) => (d.decision === 'reject' ? decidedBy(d, directory) : []));

/** Whether a policy still takes this approval, whoever else stands for the same human. */
export const isTaken = (policy: Policy, d: StandingDecision, state: OperationState, now: Instant, directory: Directory): boolean =>
  inOrder(policy, state, directory)(d) && approverOf(policy, d, state, now, directory) !== undefined;

function approverOf(policy: Policy, d: StandingDecision, state: OperationState, now: Instant, directory: Directory): Counting | undefined {
  const { approvalValidityMs, requiredProof } = optionsOf(policy);
  if (approvalValidityMs !== null && isOlderThan(d.at, approvalValidityMs, now)) return undefined;
  if (requiredProof !== 'token' && (d.proof === undefined || (requiredProof === 'webauthn' && d.proof.type !== 'webauthn'))) return undefined;
  if (d.proof !== undefined && !isActive(d, directory)) return undefined;
  if (actsFor(d).some((account) => isBarred(state, account, now, directory))) return undefined;
  if (isShutOut(policy, d.by, () => toldLast(policy, d, now, directory), now, directory) || (d.onBehalfOf !== undefined && isShutOut(policy, d.onBehalfOf.principal, () => [], now, directory))) return undefined;
  const claims = claimsAtUse(policy, d, now, directory);
  if (claims === undefined) return undefined;
  return { principal: { issuer: d.by.issuer, subject: d.by.subject, ...claims, person: directory.personOf(d.by) }, humans: behind(d, directory) };
}

/** All who are behind a decision, each once. */
export const behind = (d: StandingDecision, directory: Directory): readonly string[] => [...new Set(actsFor(d).flatMap((account) => answerableFor(account, directory)))];

/** Who decided, and in whose name. */
const actsFor = ({ by, onBehalfOf }: StandingDecision): readonly Actor[] => (onBehalfOf === undefined ? [by] : [by, onBehalfOf.principal]);

/** A signature counts as long as its credential does, also where the policy asked for none. */
function isActive({ by, proof }: StandingDecision, directory: Directory): boolean {
  const credential = proof === undefined ? undefined : directory.credential(proof.credentialId);
  return credential?.status === 'active' && directory.personOf(credential.owner) === directory.personOf(by);
}

/** Whoever never decides this operation: who asked under any account, his delegate, the owner of what asked and what he owns, whom a grant excludes, who is suspended. */
export function isBarred(state: OperationState, account: Actor, now: Instant, directory: Directory): boolean {
  // Who approved for whom is asked when somebody decides, and never undoes what was decided.
  const relation = relationTo(state, account, now, directory);
  return isSuspended(account, directory) || (relation !== undefined && relation !== 'mutual');
}

/** Of a machine its owners too. */
export const isSuspended = (account: Actor, directory: Directory): boolean => [account, ...directory.ownersOf(account)].some((one) => directory.isSuspended(one));

export function relationTo(state: OperationState, account: Actor, now: Instant, directory: Directory): Relation | undefined {
  const requester = state.request?.requestedBy;
  if (requester === undefined) return undefined;
  const humans = answerableFor(account, directory);
  const excluded = (state.request?.grants ?? []).some((g) => g.excluding.some((e) => answerableFor(e, directory).some((human) => humans.includes(human))));
  return excluded ? 'self' : directory.relation(requester, account, now);
}

/**
 * Every group that is known of a human, under any of his accounts, and of a machine those of its owners: what is judged where groups keep somebody from deciding.
 * @param told what his token tells
 */
export function groupsAgainst(account: Actor, told: readonly string[], now: Instant, directory: Directory): readonly string[] {
  const accounts = [account, ...directory.accountsOf(account), ...directory.ownersOf(account).flatMap((owner) => directory.accountsOf(owner))];
  return [...told, ...accounts.flatMap((one) => [...(directory.rosterGroups(one) ?? []), ...(directory.seen(one, now)?.groups ?? [])])];
}

export const isExclusive = (groups: readonly string[], directory: Directory): boolean => directory.exclusive.some(([a, b]) => groups.includes(a) && groups.includes(b));

/** Whether his groups keep somebody from deciding under this policy: one that it excludes, or two that exclude each other. */
export function isShutOut(policy: Policy, account: Actor, told: () => readonly string[], now: Instant, directory: Directory): boolean {
  const { excludedGroups } = optionsOf(policy);
  if (excludedGroups.length === 0 && directory.exclusive.length === 0) return false;
  const groups = groupsAgainst(account, told(), now, directory);
  return isExclusive(groups, directory) || excludedGroups.some((g) => groups.includes(g));
}

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

/** What a deputy brings of his principal: the groups that were named, as far as the principal himself is still known to be in them, and an approver. */
export function claimsOfStandIn(policy: Policy, { principal, groups }: StandIn, now: Instant, directory: Directory): Claims | undefined {
  const roster = optionsOf(policy).requiredProof === 'token' ? undefined : directory.rosterGroups(principal);
  const seen = directory.seen(principal, now);
  const held = roster ?? seen?.groups;
  if (held === undefined || seen?.roles.includes('approver') === false) return undefined;
  return { roles: ['approver'], groups: groups.filter((g) => held.includes(g)) };
}

function claimsAtUse(policy: Policy, d: StandingDecision, now: Instant, directory: Directory): Claims | undefined {
  const { evaluateEligibility, requiredProof } = optionsOf(policy);
  const { roles, groups } = asTold(d);
  const told: Claims = { roles, groups: d.held ?? groups };
  if (evaluateEligibility === 'atDecision') return told;
  if (d.onBehalfOf !== undefined) {
    const { deputyId } = d.onBehalfOf;
    const standIn = directory.principalsOf(d.by, d.at).find((s) => s.deputyId === deputyId);
    return standIn === undefined ? undefined : claimsOfStandIn(policy, { ...standIn, groups: standIn.groups.filter((g) => told.groups.includes(g)) }, now, directory);
  }
  if (requiredProof !== 'token' && directory.rosterGroups(d.by) !== undefined) return claimsNow(policy, { ...d.by, ...told }, directory);
  return lastSeen(d, told, now, directory);
}

/** He counts as he was when he decided, as far as he still is by what was seen of him since. */
function lastSeen(d: StandingDecision, told: Claims, now: Instant, directory: Directory): Claims | undefined {
  const seen = directory.seen(d.by, now);
  if (seen !== undefined && seen.at > d.at) return { roles: told.roles.filter((r) => seen.roles.includes(r)), groups: told.groups.filter((g) => seen.groups.includes(g)) };
  return seen === undefined && isOlderThan(d.at, SIGHTING_LASTS_MS, now) ? undefined : told;
}

/** Groups that his token told, as far as no newer one of his does. */
function toldLast(policy: Policy, d: StandingDecision, now: Instant, directory: Directory): readonly string[] {
  return optionsOf(policy).evaluateEligibility === 'atDecision' || !((directory.seen(d.by, now)?.at ?? '') > d.at) ? d.by.groups : [];
}
