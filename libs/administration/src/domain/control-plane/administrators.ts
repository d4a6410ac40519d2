import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import { isSuspended, ownersOf, personOf } from './people-of.js';
import { ADMINISTRATORS } from './state.js';
import type { ControlPlaneState } from './state.js';

/** Whether the control plane has him as administrator; undefined where no genesis was laid, and tokens tell. */
export function isAdministrator(state: ControlPlaneState, account: Actor): boolean | undefined {
  if (state.genesis === null) return undefined;
  return ![account, ...ownersOf(state, account)].some((one) => isSuspended(state, one)) && (state.rosters.get(ADMINISTRATORS) ?? []).some((one) => sameActor(one, account));
}

/** The humans who can act as administrators: on the roster, no machines of others, not suspended, of a trusted issuer, with an active credential. */
export function activeAdministrators(state: ControlPlaneState): ReadonlySet<string> {
  const armed = [...state.credentials.values()].filter((c) => c.status === 'active');
  const isTrusted = ({ issuer }: Actor): boolean => state.issuers === null || state.issuers.some((one) => one.issuer === issuer);
  const able = (state.rosters.get(ADMINISTRATORS) ?? []).filter((one) => isTrusted(one) && isAdministrator(state, one) !== false && ownersOf(state, one).length === 0 && armed.some((c) => sameActor(c.owner, one)));
  return new Set(able.map((one) => personOf(state, one)));
}

/** A quorum of N needs N + 1: one who asks, and N others. How many there are beyond that. */
const spare = (state: ControlPlaneState): number => activeAdministrators(state).size - (state.quorum ?? 0) - 1;

/** Whether a change leaves too few. One that makes it better is no harm, even where there are too few. */
export function leavesTooFew(before: ControlPlaneState, after: ControlPlaneState): boolean {
  if (after.genesis === null) return false;
  const left = spare(after);
  return left < 0 && (before.genesis === null || left < spare(before));
}
