import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { GrowingSet } from '#kernel/growing-set.js';
import type { Credential, TrustedIssuer } from '#identity/contract.js';
import type { PermittedKey, SessionGrant } from './effects.js';
import type { Genesis } from './genesis.js';
import type { Level, Policy } from '#policies/contract.js';

export interface PublishedPolicy {
  readonly version: number;
  readonly policy: Policy;
  readonly by: Actor | null;
  readonly at: Instant;
}

/** One human: his accounts, and the machines that act for him. */
export interface PersonState {
  readonly accounts: readonly Actor[];
  readonly owns: readonly Actor[];
  readonly status: 'active' | 'suspended';
}

export interface DeputyState {
  readonly deputyId: string;
  /** Who named him, and in whose name he approves. */
  readonly principal: Actor;
  readonly deputy: Actor;
  readonly groups: readonly string[];
  readonly from: Instant;
  readonly until: Instant;
  readonly reason: string;
  readonly withdrawnAt: Instant | null;
}

/** A key as the control plane has it. */
export interface ControlledKey extends PermittedKey {
  readonly status: 'enabled' | 'disabled';
  /** Lower-case hex SHA-256 of its SPKI; null until the signer has bound its pair. */
  readonly publicKeySha256: string | null;
}

export interface SessionState {
  /** That of the operation that opened it. */
  readonly sessionId: string;
  readonly openedBy: Actor;
  readonly openedAt: Instant;
  /** Over from then on. */
  readonly endsAt: Instant;
  readonly purpose: string;
  readonly grants: readonly SessionGrant[];
  readonly closed: { readonly by: Actor; readonly at: Instant } | null;
}

export type GenesisFacts = Pick<Genesis, 'deployment' | 'createdAt' | 'rpId' | 'origin' | 'minimumProof'> & { readonly digest: string };

export interface ControlPlaneState {
  /** Null: none was laid, and the promise of rule 22 is not given. */
  readonly genesis: GenesisFacts | null;
  /** Null: the configuration says it. */
  readonly quorum: number | null;
  /** By name, version n at index n - 1. */
  readonly policies: ReadonlyMap<string, readonly PublishedPolicy[]>;
  /** Those that the deployment has set. */
  readonly levels: ReadonlyMap<Level, Policy>;
  /** By group; administrators are the group ADMINISTRATORS. */
  readonly rosters: ReadonlyMap<string, readonly Actor[]>;
  readonly people: ReadonlyMap<string, PersonState>;
  readonly separation: { readonly exclusive: readonly (readonly [string, string])[]; readonly mutualWithinDays: number };
  /** Null: the configuration says them. */
  readonly issuers: readonly TrustedIssuer[] | null;
  /** By credentialId. */
  readonly credentials: ReadonlyMap<string, Credential>;
  readonly deputies: ReadonlyMap<string, DeputyState>;
  readonly keys: ReadonlyMap<string, ControlledKey>;
  readonly sessions: ReadonlyMap<string, SessionState>;
  /** Operations whose act is in the chain, or was refused. */
  readonly operations: GrowingSet<string>;
  /** Of the latest event. */
  readonly at: Instant;
}

/** The group whose roster tells administrators, where a genesis was laid. */
export const ADMINISTRATORS = 'administrators';

export const initialControlPlane: ControlPlaneState = {
  genesis: null, quorum: null, policies: new Map(), levels: new Map(), rosters: new Map(), people: new Map(), separation: { exclusive: [], mutualWithinDays: 0 }, issuers: null,
  credentials: new Map(), deputies: new Map(), keys: new Map(), sessions: new Map(), operations: GrowingSet.of(), at: '',
};
