import { exhaustive } from '#kernel/exhaustive.js';
import type { TrustedIssuer } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Effect } from './effects.js';
import { defaultLevel } from './levels.js';
import { sameActors, sameJson, without } from './lists.js';
import { optionsOf, weakens } from '#policies/contract.js';
import type { PinnedPolicy, PolicySource } from '#policies/contract.js';
import { isLevelReference, resolvePolicies } from './resolve-policies.js';
import type { ControlPlaneState } from './state.js';

/**
 * What an act asks for. `relief` only takes power away: at once, for any administrator. `own` is its actor's own matter. `change` needs the quorum, in a session or by an
 * operation; `weakening` may let through what was refused before, and is an operation of its own; so are `enrolment` and `opening`, whatever the quorum.
 */
export type Weight = 'relief' | 'own' | 'change' | 'weakening' | 'enrolment' | 'opening';

export function weightOf(effect: Effect, state: ControlPlaneState): Weight {
  switch (effect.type) {
    case 'policy-published': {
      const last = state.policies.get(effect.name)?.at(-1);
      return weaker(last !== undefined && weakens(last.policy, effect.policy));
    }
    case 'level-set':
      return weaker(weakens(state.levels.get(effect.level) ?? defaultLevel(effect.level), effect.policy));
    case 'roster-set':
      return weaker(rosterWeakens(effect, state));
    case 'person-set':
      return personWeight(effect, state);
    case 'separation-set':
      return weaker(
        effect.mutualWithinDays < state.separation.mutualWithinDays || state.separation.exclusive.some(([a, b]) => !effect.exclusive.some(([c, d]) => (a === c && b === d) || (a === d && b === c))),
      );
    case 'issuers-set':
      return weaker(effect.issuers.some((issuer) => !isWithin(issuer, state.issuers ?? [])));
    case 'quorum-set':
      return weaker(state.quorum !== null && effect.quorum < state.quorum);
    case 'key-policy-set':
      return weaker(sourceWeakens(state, state.keys.get(effect.keyId)?.policy, effect.policy));
    case 'credential-resumed':
    case 'key-enabled':
      return 'weakening';
    case 'key-permitted': {
      // One whose pair was never made may be asked for again: not under less, and not to enable it.
      const known = state.keys.get(effect.key.keyId);
      return weaker(known !== undefined && (known.status === 'disabled' || sourceWeakens(state, known.policy, effect.key.policy)));
    }
    case 'credential-enrolled':
      return 'enrolment';
    case 'session-opened':
      return 'opening';
    case 'deputy-named':
      return 'own';
    case 'person-suspended':
    case 'credential-suspended':
    case 'credential-revoked':
    case 'deputy-withdrawn':
    case 'key-disabled':
    case 'session-closed':
      return 'relief';
    default:
      return exhaustive(effect);
  }
}

const weaker = (is: boolean): Weight => (is ? 'weakening' : 'change');

/** Who comes to a group fills its slots; who leaves one that excludes may decide again. */
function rosterWeakens({ group, members }: Extract<Effect, { type: 'roster-set' }>, state: ControlPlaneState): boolean {
  const before = state.rosters.get(group) ?? [];
  const leaves = without(before, members).length > 0;
  return without(members, before).length > 0 || (leaves && excludes(state, group));
}

function excludes(state: ControlPlaneState, group: string): boolean {
  const inline = [...state.keys.values()].flatMap(({ policy }) => ('ref' in policy || isLevelReference(policy) ? [] : [policy]));
  const policies = [...[...state.policies.values()].flat().map((one) => one.policy), ...state.levels.values(), ...inline];
  return state.separation.exclusive.some((pair) => pair.includes(group)) || policies.some((policy) => optionsOf(policy).excludedGroups.includes(group));
}

/** To link accounts makes fewer humans of them; to part them makes more. */
function personWeight({ personId, accounts, owns, status }: Extract<Effect, { type: 'person-set' }>, state: ControlPlaneState): Weight {
  const before = state.people.get(personId);
  if (before === undefined) return 'change';
  const after = { accounts: accounts ?? before.accounts, owns: owns ?? before.owns, status: status ?? before.status };
  if (without(before.accounts, after.accounts).length > 0 || without(before.owns, after.owns).length > 0 || (before.status === 'suspended' && after.status === 'active')) return 'weakening';
  const isOnlySuspended = sameActors(before.accounts, after.accounts) && sameActors(before.owns, after.owns) && after.status === 'suspended';
  return isOnlySuspended ? 'relief' : 'change';
}

/** Whether all that this issuer's tokens may give, was given before: the same issuer, with no rule that was not there. */
const isWithin = ({ rules, ...issuer }: TrustedIssuer, before: readonly TrustedIssuer[]): boolean =>
  before.some(({ rules: known, ...other }) => sameJson(issuer, other) && rules.every((rule) => known.some((one) => sameJson(rule, one))));

/** Every policy that had to be met before has one at least as strong afterwards. A key that the control plane does not know had nobody knows what. */
function sourceWeakens(state: ControlPlaneState, before: PolicySource | undefined, after: PolicySource): boolean {
  const [old, next] = [before === undefined ? undefined : resolvePolicies(state, before), resolvePolicies(state, after)];
  if (old === undefined || old instanceof DomainError || next instanceof DomainError) return true;
  const isMet = ({ policy }: PinnedPolicy): boolean => next.some((one) => !weakens(policy, one.policy));
  return !old.every(isMet) || follows(before) !== follows(after);
}

/** A reference without version, and a level, go on to mean what they come to mean; a policy of one's own stays as it is. */
function follows(source: PolicySource | undefined): string {
  if (source === undefined) return '';
  if ('ref' in source) return source.version === null ? `ref ${source.ref}` : '';
  return isLevelReference(source) ? source.assuranceLevel : '';
}

