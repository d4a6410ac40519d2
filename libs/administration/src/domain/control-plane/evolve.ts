import { exhaustive } from '#kernel/exhaustive.js';
import type { ActData } from './act.js';
import { chainId } from './chain-id.js';
import { effectOf } from './effect-of.js';
import type { Effect } from './effects.js';
import type { ControlPlaneEvent, GenesisLaid } from './events.js';
import { readGenesis } from './genesis.js';
import { ADMINISTRATORS } from './state.js';
import type { ControlledKey, ControlPlaneState } from './state.js';

/** A stored act that no release could have written: the writer stops rather than decide without it. */
export class UnreadableActError extends Error {
  override readonly name = 'UnreadableActError';
}

/** Folds one event into the state. Whether it may be in the chain is not asked here. @throws UnreadableActError */
export function evolveControlPlane(state: ControlPlaneState, event: ControlPlaneEvent): ControlPlaneState {
  switch (event.type) {
    case 'administration.genesis-laid.v1':
      return laid(state, event.data);
    case 'administration.key-bound.v1': {
      const { keyId, publicKeySha256, at } = event.data;
      return changeKey({ ...state, at }, keyId, { publicKeySha256 });
    }
    case 'administration.act-refused.v1':
      return { ...state, operations: state.operations.with(event.data.operationId), at: event.data.at };
    default: {
      const { method, path, body } = event.data;
      const effect = effectOf(method, path, body);
      if ('faults' in effect || event.type !== `administration.${effect.type}.v1`) throw new UnreadableActError(`${event.type}: ${method} ${path} has another effect, or none`);
      return acted(state, effect, event.data);
    }
  }
}

/** The state after an act, the act's own marks included. */
export function acted(state: ControlPlaneState, effect: Effect, act: ActData): ControlPlaneState {
  const { authority, at } = act;
  const operations = authority.type === 'operation' ? state.operations.with(authority.operationId) : state.operations;
  return applied({ ...state, operations, at }, effect, act);
}

function applied(state: ControlPlaneState, effect: Effect, { by, at, previous, authority }: ActData): ControlPlaneState {
  switch (effect.type) {
    case 'policy-published': {
      const versions = state.policies.get(effect.name) ?? [];
      return { ...state, policies: new Map(state.policies).set(effect.name, [...versions, { version: versions.length + 1, policy: effect.policy, by, at }]) };
    }
    case 'level-set':
      return { ...state, levels: new Map(state.levels).set(effect.level, effect.policy) };
    case 'roster-set':
      return { ...state, rosters: new Map(state.rosters).set(effect.group, effect.members) };
    case 'person-set': {
      const { accounts, owns, status } = state.people.get(effect.personId) ?? { accounts: [], owns: [], status: 'active' };
      return { ...state, people: new Map(state.people).set(effect.personId, { accounts: effect.accounts ?? accounts, owns: effect.owns ?? owns, status: effect.status ?? status }) };
    }
    case 'person-suspended': {
      const person = state.people.get(effect.personId);
      return person === undefined ? state : { ...state, people: new Map(state.people).set(effect.personId, { ...person, status: 'suspended' }) };
    }
    case 'separation-set':
      return { ...state, separation: { exclusive: effect.exclusive, mutualWithinDays: effect.mutualWithinDays } };
    case 'issuers-set':
      return { ...state, issuers: effect.issuers };
    case 'quorum-set':
      return { ...state, quorum: effect.quorum };
    case 'credential-enrolled': {
      const { credentialId, owner, label, key } = effect;
      return { ...state, credentials: new Map(state.credentials).set(credentialId, { credentialId, owner, label, status: 'active', createdAt: at, key }) };
    }
    case 'credential-suspended':
      return changeCredential(state, effect.credentialId, 'suspended');
    case 'credential-resumed':
      return changeCredential(state, effect.credentialId, 'active');
    case 'credential-revoked':
      return changeCredential(state, effect.credentialId, 'revoked');
    case 'deputy-named': {
      const { deputy, groups, from, until, reason } = effect;
      const deputyId = chainId(previous);
      return { ...state, deputies: new Map(state.deputies).set(deputyId, { deputyId, principal: by, deputy, groups, from, until, reason, withdrawnAt: null }) };
    }
    case 'deputy-withdrawn': {
      const deputy = state.deputies.get(effect.deputyId);
      return deputy === undefined ? state : { ...state, deputies: new Map(state.deputies).set(effect.deputyId, { ...deputy, withdrawnAt: at }) };
    }
    case 'key-permitted':
      return { ...state, keys: new Map(state.keys).set(effect.key.keyId, { ...effect.key, status: 'enabled', publicKeySha256: null }) };
    case 'key-policy-set':
      return changeKey(state, effect.keyId, { policy: effect.policy });
    case 'key-enabled':
      return changeKey(state, effect.keyId, { status: 'enabled' });
    case 'key-disabled':
      return changeKey(state, effect.keyId, { status: 'disabled' });
    case 'session-opened': {
      const sessionId = authority.type === 'operation' ? authority.operationId : chainId(previous);
      const { purpose, validMs, grants } = effect;
      return { ...state, sessions: new Map(state.sessions).set(sessionId, { sessionId, openedBy: by, openedAt: at, endsAt: new Date(Date.parse(at) + validMs).toISOString(), purpose, grants, closed: null }) };
    }
    case 'session-closed': {
      const session = state.sessions.get(effect.sessionId);
      return session === undefined ? state : { ...state, sessions: new Map(state.sessions).set(effect.sessionId, { ...session, closed: { by, at } }) };
    }
    default:
      return exhaustive(effect);
  }
}

function changeCredential(state: ControlPlaneState, credentialId: string, status: 'active' | 'suspended' | 'revoked'): ControlPlaneState {
  const credential = state.credentials.get(credentialId);
  return credential === undefined ? state : { ...state, credentials: new Map(state.credentials).set(credentialId, { ...credential, status }) };
}

function changeKey(state: ControlPlaneState, keyId: string, change: Partial<ControlledKey>): ControlPlaneState {
  const key = state.keys.get(keyId);
  return key === undefined ? state : { ...state, keys: new Map(state.keys).set(keyId, { ...key, ...change }) };
}

function laid(state: ControlPlaneState, { document, digest }: GenesisLaid['data']): ControlPlaneState {
  const read = readGenesis(document);
  if ('faults' in read) throw new UnreadableActError(`the genesis document can't be read: ${read.faults.map((f) => `${f.path} ${f.message}`).join('; ')}`);
  const genesis = read.value;
  const { deployment, createdAt, rpId, origin, minimumProof } = genesis;
  return {
    ...state,
    genesis: { deployment, createdAt, rpId, origin, minimumProof, digest },
    quorum: genesis.quorum,
    policies: new Map(genesis.policies.map(({ name, policy }) => [name, [{ version: 1, policy, by: null, at: createdAt }]])),
    levels: new Map(genesis.levels.map(({ level, policy }) => [level, policy])),
    rosters: new Map([...genesis.rosters.map(({ group, members }) => [group, members] as const), [ADMINISTRATORS, genesis.administrators]]),
    people: new Map(genesis.people.map(({ personId, accounts, owns }) => [personId, { accounts, owns, status: 'active' }])),
    separation: genesis.separation,
    issuers: genesis.issuers,
    credentials: new Map(genesis.credentials.map((c) => [c.credentialId, { ...c, status: 'active', createdAt }])),
    keys: new Map(genesis.keys.map((key) => [key.keyId, { ...key, status: 'enabled', publicKeySha256: null }])),
    at: createdAt,
  };
}
