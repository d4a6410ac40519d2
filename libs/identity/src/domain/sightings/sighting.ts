import type { Actor } from '#kernel/actor.js';
import type { Decider, DomainEvent } from '#kernel/decider.js';
import type { SeenClaims } from '../directory.js';

// A storage format: fields are added, never changed.
/** In `person-<uuid>`: what a token of this account said of it, when that changed or an hour had passed (rule 23). */
export type GroupsSeen = DomainEvent<'identity.groups-seen.v1', Actor & SeenClaims>;

/** What is unchanged is written down again after so long. */
export const SEEN_AGAIN_MS = 3_600_000;

export interface SightingState {
  /** Null: never seen. */
  readonly last: SeenClaims | null;
}
export const initialSighting: SightingState = { last: null };

/** Roles and groups are sorted, each once. */
export interface SeeCommand {
  readonly account: Actor;
  readonly claims: SeenClaims;
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((x, i) => x === b[i]);

/** Whether this says something new of somebody of whom `last` is known. What was seen before that says nothing. */
export function tellsMore(last: SeenClaims | null, claims: SeenClaims): boolean {
  if (last === null) return true;
  const later = Date.parse(claims.at) - Date.parse(last.at);
  return later >= SEEN_AGAIN_MS || (later >= 0 && !(same(last.roles, claims.roles) && same(last.groups, claims.groups)));
}

export const sightingDecider: Decider<SeeCommand, GroupsSeen, SightingState> = {
  initialState: initialSighting,
  decide: ({ account: { issuer, subject }, claims }, state) => (tellsMore(state.last, claims) ? [{ type: 'identity.groups-seen.v1', data: { issuer, subject, ...claims } }] : []),
  evolve: (_, { data: { at, roles, groups } }) => ({ last: { at, roles, groups } }),
};
