// These are storage formats: fields are added, never changed.
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DomainEvent } from '#kernel/decider.js';
import type { ActData } from './act.js';
import type { GenesisDocument } from './genesis.js';

/** At revision 0, where there is a genesis: all that was agreed on at the ceremony. */
export type GenesisLaid = DomainEvent<'administration.genesis-laid.v1', {
  readonly document: GenesisDocument;
  /** Lower-case hex SHA-256 of the document's RFC 8785 form: what configurations pin. */
  readonly digest: string;
}>;
/** The signer's: the permitted key has this pair. One pair has one keyId, for ever. */
export type KeyBound = DomainEvent<'administration.key-bound.v1', {
  readonly keyId: string;
  /** Lower-case hex SHA-256 of the SPKI. */
  readonly publicKeySha256: string;
  readonly signer: string;
  readonly at: Instant;
  readonly previous: string | null;
}>;
/** An operation was approved whose act could not be applied any more. */
export type ActRefused = DomainEvent<'administration.act-refused.v1', {
  readonly operationId: string;
  readonly by: Actor;
  readonly code: string;
  readonly detail: string;
  readonly at: Instant;
  readonly previous: string | null;
}>;

export const ACT_TYPES = [
  'administration.policy-published.v1', 'administration.level-set.v1', 'administration.roster-set.v1', 'administration.person-set.v1', 'administration.person-suspended.v1',
  'administration.separation-set.v1', 'administration.issuers-set.v1', 'administration.quorum-set.v1', 'administration.credential-enrolled.v1', 'administration.credential-suspended.v1',
  'administration.credential-resumed.v1', 'administration.credential-revoked.v1', 'administration.deputy-named.v1', 'administration.deputy-withdrawn.v1', 'administration.key-permitted.v1',
  'administration.key-policy-set.v1', 'administration.key-enabled.v1', 'administration.key-disabled.v1', 'administration.session-opened.v1', 'administration.session-closed.v1',
] as const;
/** Named by its effect, which follows from its data by `effectOf`. */
export type ActDone = DomainEvent<(typeof ACT_TYPES)[number], ActData>;

export type ControlPlaneEvent = GenesisLaid | KeyBound | ActRefused | ActDone;
