import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import { accountKey } from '#identity/contract.js';
import type { ControlPlaneState, PersonState } from './state.js';

/** By account, the person that it belongs to; made once a state. */
const indexes = new WeakMap<ControlPlaneState['people'], ReadonlyMap<string, readonly [string, PersonState]>>();

function indexOf({ people }: ControlPlaneState): ReadonlyMap<string, readonly [string, PersonState]> {
  const known = indexes.get(people);
  if (known !== undefined) return known;
  const index = new Map([...people].flatMap(([personId, person]) => person.accounts.map((account) => [accountKey(account), [personId, person]] as const)));
  indexes.set(people, index);
  return index;
}

/** The human behind an account. A personId is never the text of an account, which is JSON. */
export const personOf = (state: ControlPlaneState, account: Actor): string => indexOf(state).get(accountKey(account))?.[0] ?? accountKey(account);
export const isSuspended = (state: ControlPlaneState, account: Actor): boolean => indexOf(state).get(accountKey(account))?.[1].status === 'suspended';
/** By machine, an account of each who owns it; made once a state. */
const ownerIndexes = new WeakMap<ControlPlaneState['people'], ReadonlyMap<string, readonly Actor[]>>();

function ownerIndexOf({ people }: ControlPlaneState): ReadonlyMap<string, readonly Actor[]> {
  const known = ownerIndexes.get(people);
  if (known !== undefined) return known;
  const index = new Map<string, Actor[]>();
  for (const { accounts: [account], owns } of people.values())
    for (const machine of owns) if (account !== undefined) index.set(accountKey(machine), [...(index.get(accountKey(machine)) ?? []), account]);
  ownerIndexes.set(people, index);
  return index;
}

export const ownersOf = (state: ControlPlaneState, machine: Actor): readonly Actor[] => ownerIndexOf(state).get(accountKey(machine)) ?? [];
export const groupsOf = (state: ControlPlaneState, account: Actor): readonly string[] => [...state.rosters].filter(([, members]) => members.some((one) => sameActor(one, account))).map(([group]) => group);
