import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Credential } from './credential.js';

/** Why an account never approves what somebody asked for. */
export type Relation = 'self' | 'delegate' | 'owner' | 'mutual';

/** What was seen of an account's roles and groups in a token counts for so long (rule 23). */
export const SIGHTING_LASTS_MS = 24 * 3_600_000;

/** What was last seen of an account in a token of its. */
export interface SeenClaims {
  readonly at: Instant;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Somebody in whose name a deputy may approve, in place of members of these groups. */
export interface StandIn {
  readonly deputyId: string;
  readonly principal: Actor;
  readonly groups: readonly string[];
}

/** What is known about people at one moment of the control plane. Asking it changes nothing and reads nothing. */
export interface Directory {
  /** The human behind an account: accounts of one human give the same text. */
  personOf(account: Actor): string;
  /** All accounts of the human behind one, this one among them. */
  accountsOf(account: Actor): readonly Actor[];
  /** An account of everybody who owns this machine: he answers for what it does. Of what nobody owns there is none. */
  ownersOf(account: Actor): readonly Actor[];
  /** What the human behind an account owns. */
  machinesOf(account: Actor): readonly Actor[];
  isSuspended(account: Actor): boolean;
  /** `self`: he asked himself, under any account. `delegate`: who asked, or owns what asked, made him his deputy. `owner`: one human answers for both, him or what he owns. `mutual`: who asked approved for him lately. */
  relation(requester: Actor, account: Actor, now: Instant): Relation | undefined;
  /** Groups by the roster; undefined where no genesis was laid, and tokens tell them. */
  rosterGroups(account: Actor): readonly string[] | undefined;
  /** At most 24 h ago; undefined: not seen since (rule 23). */
  seen(account: Actor, now: Instant): SeenClaims | undefined;
  principalsOf(deputy: Actor, now: Instant): readonly StandIn[];
  /** Whoever is in both groups of a pair decides nothing. */
  readonly exclusive: readonly (readonly [string, string])[];
  credential(credentialId: string): Credential | undefined;
  /** Those of the human behind an account, whatever their status. */
  credentialsOf(account: Actor): readonly Credential[];
  /** Accounts that were heard of, with what they may be by now: who could still approve. */
  accounts(now: Instant): readonly (Actor & SeenClaims)[];
}

/** One text for one account, whatever its parts hold. */
export const accountKey = ({ issuer, subject }: Actor): string => JSON.stringify([issuer, subject]);

/** Nothing was ever said about people: an account is a human, and tokens tell groups. */
export const NOBODY_KNOWN: Directory = {
  personOf: accountKey,
  accountsOf: (account) => [account],
  ownersOf: () => [],
  machinesOf: () => [],
  isSuspended: () => false,
  relation: (requester, account) => (sameActor(requester, account) ? 'self' : undefined),
  rosterGroups: () => undefined,
  seen: () => undefined,
  principalsOf: () => [],
  exclusive: [],
  credential: () => undefined,
  credentialsOf: () => [],
  accounts: () => [],
};

/** The humans who answer for what an account does: its own, and of a machine its owners. The first is its own. */
export const answerableFor = (account: Actor, directory: Pick<Directory, 'personOf' | 'ownersOf'>): readonly string[] => [directory.personOf(account), ...directory.ownersOf(account).map((owner) => directory.personOf(owner))];
