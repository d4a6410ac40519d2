// These are storage formats: fields are added, never changed.
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DomainEvent } from '#kernel/decider.js';
import type { CredentialKey } from '#identity/contract.js';

/** Somebody wants this key of his confirmed by administrators; grants nothing. */
export type CredentialProposed = DomainEvent<'administration.credential-proposed.v1', {
  readonly credentialId: string;
  readonly owner: Actor;
  readonly label: string;
  readonly key: CredentialKey;
  /** Which confirms it. */
  readonly operationId: string;
  /** Which it answers, and nothing else ever will: of an authenticator. */
  readonly challenge?: string;
  readonly at: Instant;
}>;
/** An authenticator may be made known by answering this, once, for five minutes. */
export type RegistrationChallenged = DomainEvent<'administration.registration-challenged.v1', { readonly owner: Actor; /** base64url */ readonly challenge: string; readonly at: Instant }>;

export type ProposalEvent = CredentialProposed | RegistrationChallenged;
