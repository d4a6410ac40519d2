import { directoryOf } from '#administration/contract.js';
import type { ControlPlaneState } from '#administration/contract.js';
import type { Directory, Sightings } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';

/** What follows from one state of a control plane is the same for ever: it is looked up once for each account. */
export class Directories {
  private readonly made = new WeakMap<ControlPlaneState, Directory>();

  constructor(private readonly sightings: Pick<Sightings, 'seen' | 'accounts'>) {}

  of(state: ControlPlaneState): Directory {
    const known = this.made.get(state);
    if (known !== undefined) return known;
    const directory = directoryOf(state, this.sightings);
    const quick: Directory = {
      ...directory,
      personOf: byAccount((account) => directory.personOf(account)),
      accountsOf: byAccount((account) => directory.accountsOf(account)),
      ownersOf: byAccount((account) => directory.ownersOf(account)),
      isSuspended: byAccount((account) => directory.isSuspended(account)),
      rosterGroups: byAccount((account) => directory.rosterGroups(account)),
      ...(state.deputies.size > 0 ? {} : { relation: relationOf(directory) }),
    };
    this.made.set(state, quick);
    return quick;
  }
}

/** Without deputies it does not depend on time. */
function relationOf(directory: Directory): Directory['relation'] {
  const to = byAccount((requester) => byAccount((account) => directory.relation(requester, account, '')));
  return (requester, account) => to(requester)(account);
}

function byAccount<T>(ask: (account: Actor) => T): (account: Actor) => T {
  const issuers = new Map<string, Map<string, { readonly answer: T }>>();
  return ({ issuer, subject }) => {
    const known = issuers.get(issuer) ?? new Map<string, { readonly answer: T }>();
    if (known.size === 0) issuers.set(issuer, known);
    const found = known.get(subject) ?? { answer: ask({ issuer, subject }) };
    known.set(subject, found);
    return found.answer;
  };
}
