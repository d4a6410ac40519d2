import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { exhaustive } from '#kernel/exhaustive.js';
import type { Effect } from './effects.js';
import { hasActor, sameActors, sameJson } from './lists.js';
import { isSuspended, personOf } from './people-of.js';
import { samePolicy } from '#policies/contract.js';
import { resolvePolicies } from './resolve-policies.js';
import { sameKey } from './same-key.js';
import { isOpen } from './sessions.js';
import type { ControlPlaneState } from './state.js';

const MAX_DEPUTIES = 50;
const nothing = (what: string): DomainError => new DomainError('NOT_FOUND', `there is no such ${what}`);
const already = (is: boolean): 'already' | undefined => (is ? 'already' : undefined);

/** Why an effect can't come about in this state, whoever asks; 'already' when nothing would change. */
export function objectionTo(effect: Effect, state: ControlPlaneState, by: Actor, now: Instant): DomainError | 'already' | undefined {
  switch (effect.type) {
    case 'policy-published': {
      const last = state.policies.get(effect.name)?.at(-1);
      return already(last !== undefined && samePolicy(last.policy, effect.policy));
    }
    case 'level-set': {
      const before = state.levels.get(effect.level);
      return already(before !== undefined && samePolicy(before, effect.policy));
    }
    case 'roster-set': {
      const before = state.rosters.get(effect.group);
      return already(before !== undefined && sameActors(before, effect.members));
    }
    case 'person-set':
      return personObjection(effect, state);
    case 'person-suspended': {
      const person = state.people.get(effect.personId);
      return person === undefined ? nothing('person') : already(person.status === 'suspended');
    }
    case 'separation-set':
      return already(sameJson({ exclusive: effect.exclusive, mutualWithinDays: effect.mutualWithinDays }, state.separation));
    case 'issuers-set':
      return state.genesis === null ? needsGenesis() : already(sameJson(effect.issuers, state.issuers));
    case 'quorum-set':
      return state.genesis === null ? needsGenesis() : already(effect.quorum === state.quorum);
    case 'credential-enrolled': {
      // One key for two people would be one human who fills two slots.
      const same = [...state.credentials.values()].find((one) => one.credentialId === effect.credentialId || sameKey(one.key, effect.key));
      if (same === undefined) return undefined;
      return same.credentialId === effect.credentialId && sameJson(same.key, effect.key) ? 'already' : new DomainError('CREDENTIAL_EXISTS', 'this key belongs to a credential already');
    }
    case 'credential-suspended':
    case 'credential-resumed':
    case 'credential-revoked':
      return credentialObjection(effect, state);
    case 'deputy-named':
      return deputyObjection(effect, state, by, now);
    case 'deputy-withdrawn': {
      const deputy = state.deputies.get(effect.deputyId);
      return deputy === undefined ? nothing('deputy') : already(deputy.withdrawnAt !== null);
    }
    case 'key-permitted': {
      const known = state.keys.get(effect.key.keyId);
      // One whose pair was never made may be asked for again.
      if (known !== undefined && known.publicKeySha256 !== null) return new DomainError('KEY_EXISTS', 'there is a key of this id');
      return unresolved(state, effect.key.policy);
    }
    case 'key-policy-set': {
      const known = state.keys.get(effect.keyId);
      if (known === undefined && state.genesis !== null) return new DomainError('KEY_NOT_FOUND', 'there is no such key');
      // Never in want of nothing: the key's own stream may say something else, and is not set back by one alone.
      return unresolved(state, effect.policy);
    }
    case 'key-enabled':
    case 'key-disabled': {
      const known = state.keys.get(effect.keyId);
      // What takes power away is never in want of anything; a key may be disabled where the control plane does not see it, so enabling is always said.
      if (effect.type === 'key-enabled' && known === undefined && state.genesis !== null) return new DomainError('KEY_NOT_FOUND', 'there is no such key');
      return already(effect.type === 'key-disabled' && known?.status === 'disabled');
    }
    case 'session-opened': {
      const missing = state.genesis === null ? undefined : effect.grants.find((grant) => grant.action === 'sign' && !state.keys.has(grant.resource));
      return missing === undefined ? undefined : new DomainError('KEY_UNKNOWN', `there is no key ${missing.resource}`);
    }
    case 'session-closed': {
      const session = state.sessions.get(effect.sessionId);
      return session === undefined ? nothing('administration session') : already(!isOpen(session, now));
    }
    default:
      return exhaustive(effect);
  }
}

const needsGenesis = (): DomainError => new DomainError('GENESIS_REQUIRED', 'no genesis was laid here: the configuration says it');

function unresolved(state: ControlPlaneState, source: Parameters<typeof resolvePolicies>[1]): DomainError | undefined {
  const resolved = resolvePolicies(state, source);
  return resolved instanceof DomainError ? resolved : undefined;
}

function personObjection({ personId, accounts, owns, status }: Extract<Effect, { type: 'person-set' }>, state: ControlPlaneState): DomainError | 'already' | undefined {
  const before = state.people.get(personId);
  if (before === undefined && accounts === null) return invalid({ path: '/accounts', message: 'is required' });
  const after = { accounts: accounts ?? before?.accounts ?? [], owns: owns ?? before?.owns ?? [], status: status ?? before?.status ?? 'active' };
  const taken = after.accounts.find((account) => [...state.people].some(([id, person]) => id !== personId && hasActor(person.accounts, account)));
  if (taken !== undefined) return new DomainError('ACCOUNT_TAKEN', `the account ${taken.subject} of ${taken.issuer} belongs to another person`);
  if (after.owns.some((machine) => hasActor(after.accounts, machine))) return invalid({ path: '/owns', message: 'names an account that is his own' });
  return already(before !== undefined && before.status === after.status && sameActors(before.accounts, after.accounts) && sameActors(before.owns, after.owns));
}

function credentialObjection({ type, credentialId }: Extract<Effect, { type: `credential-${string}`; reason: string }>, state: ControlPlaneState): DomainError | 'already' | undefined {
  const credential = state.credentials.get(credentialId);
  if (credential === undefined) return nothing('credential');
  if (type === 'credential-revoked') return already(credential.status === 'revoked');
  if (type === 'credential-suspended') return already(credential.status !== 'active');
  if (credential.status === 'revoked') return new DomainError('CREDENTIAL_NOT_ACTIVE', 'it is revoked, which is for ever');
  return already(credential.status === 'active');
}

function deputyObjection({ deputy, until }: Extract<Effect, { type: 'deputy-named' }>, state: ControlPlaneState, by: Actor, now: Instant): DomainError | undefined {
  if (personOf(state, deputy) === personOf(state, by)) return invalid({ path: '/deputy', message: 'is yourself' });
  if (until <= now) return invalid({ path: '/until', message: 'is over already' });
  if (isSuspended(state, by)) return new DomainError('NOT_ELIGIBLE', 'you are suspended');
  const standing = [...state.deputies.values()].filter((one) => one.withdrawnAt === null && one.until > now && personOf(state, one.principal) === personOf(state, by));
  return standing.length >= MAX_DEPUTIES ? new DomainError('RATE_LIMITED', `nobody has more than ${MAX_DEPUTIES} deputies`) : undefined;
}
