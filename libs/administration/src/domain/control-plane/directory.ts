import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { answerableFor } from '#identity/contract.js';
import type { Directory } from '#identity/contract.js';
import { groupsOf, isSuspended, ownersOf, personOf } from './people-of.js';
import type { ControlPlaneState, DeputyState } from './state.js';

const standsIn = ({ from, until, withdrawnAt }: DeputyState, now: Instant): boolean => withdrawnAt === null && from <= now && now < until;

/** What was last seen in tokens, which is no matter of the control plane. */
export type Seen = Pick<Directory, 'seen' | 'accounts'>;
export const NOTHING_SEEN: Seen = { seen: () => undefined, accounts: () => [] };

/** People as the control plane has them. */
export function directoryOf(state: ControlPlaneState, sightings: Seen): Directory {
  const person = (account: Actor): string => personOf(state, account);
  const accountsOf = (account: Actor): readonly Actor[] => state.people.get(person(account))?.accounts ?? [account];
  const owners = (account: Actor): readonly Actor[] => accountsOf(account).flatMap((one) => ownersOf(state, one));
  const answerable = (account: Actor): readonly string[] => answerableFor(account, { personOf: person, ownersOf: owners });
  const deputiesAt = (now: Instant): readonly DeputyState[] => [...state.deputies.values()].filter((one) => standsIn(one, now));
  return {
    personOf: person,
    accountsOf,
    ownersOf: owners,
    machinesOf: (account) => state.people.get(person(account))?.owns ?? [],
    isSuspended: (account) => isSuspended(state, account),
    relation: (requester, account, now) => {
      if (person(requester) === person(account)) return 'self';
      const [asking, deciding] = [answerable(requester), answerable(account)];
      if (deciding.some((human) => asking.includes(human))) return 'owner';
      return deputiesAt(now).some((one) => asking.includes(person(one.principal)) && deciding.includes(person(one.deputy))) ? 'delegate' : undefined;
    },
    rosterGroups: (account) => (state.genesis === null ? undefined : groupsOf(state, account)),
    seen: (account, now) => sightings.seen(account, now),
    accounts: (now) => sightings.accounts(now),
    principalsOf: (deputy, now) =>
      deputiesAt(now)
        .filter((one) => sameActor(one.deputy, deputy) && !isSuspended(state, one.principal) && person(one.principal) !== person(deputy))
        .map(({ deputyId, principal, groups }) => ({ deputyId, principal, groups })),
    exclusive: state.separation.exclusive,
    credential: (credentialId) => state.credentials.get(credentialId),
    credentialsOf: (account) => [...state.credentials.values()].filter((one) => person(one.owner) === person(account)),
  };
}
