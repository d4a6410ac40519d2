import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { CredentialKey, TrustedIssuer } from '#identity/contract.js';
import type { Algorithm, Purpose } from '#kernel/key-terms.js';
import type { Level, Policy, PolicySource } from '#policies/contract.js';

/** One thing that a session allows. An `administer` resource is `METHOD /path`, where a segment `*` is any one segment; a `sign` resource is a keyId. */
export type SessionGrant =
  | { readonly action: 'administer'; readonly resource: string }
  | { readonly action: 'sign'; readonly resource: string; readonly maxUsageCount: number };

/** A key pair that may be made, or adopted, under this keyId. */
export interface PermittedKey {
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
  /** RSA only. */
  readonly modulusBits: number | null;
  readonly policy: PolicySource;
  readonly description: string | null;
  readonly requesters: { readonly group: string | null; readonly role: string | null } | null;
  readonly adopt: { readonly label: string | null; readonly idHex: string | null } | null;
}

/** What an act changes. */
export type Effect =
  | { readonly type: 'policy-published'; readonly name: string; readonly policy: Policy }
  | { readonly type: 'level-set'; readonly level: Level; readonly policy: Policy }
  | { readonly type: 'roster-set'; readonly group: string; readonly members: readonly Actor[] }
  /** Null: as it is. */
  | { readonly type: 'person-set'; readonly personId: string; readonly accounts: readonly Actor[] | null; readonly owns: readonly Actor[] | null; readonly status: 'active' | 'suspended' | null }
  | { readonly type: 'person-suspended'; readonly personId: string }
  | { readonly type: 'separation-set'; readonly exclusive: readonly (readonly [string, string])[]; readonly mutualWithinDays: number }
  | { readonly type: 'issuers-set'; readonly issuers: readonly TrustedIssuer[] }
  | { readonly type: 'quorum-set'; readonly quorum: number }
  | { readonly type: 'credential-enrolled'; readonly credentialId: string; readonly owner: Actor; readonly label: string; readonly key: CredentialKey }
  | { readonly type: 'credential-suspended' | 'credential-resumed' | 'credential-revoked'; readonly credentialId: string; readonly reason: string }
  | { readonly type: 'deputy-named'; readonly deputy: Actor; readonly groups: readonly string[]; readonly from: Instant; readonly until: Instant; readonly reason: string }
  | { readonly type: 'deputy-withdrawn'; readonly deputyId: string }
  | { readonly type: 'key-permitted'; readonly key: PermittedKey }
  | { readonly type: 'key-policy-set'; readonly keyId: string; readonly policy: PolicySource }
  | { readonly type: 'key-enabled' | 'key-disabled'; readonly keyId: string; readonly reason: string }
  | { readonly type: 'session-opened'; readonly purpose: string; readonly validMs: number; readonly grants: readonly SessionGrant[] }
  | { readonly type: 'session-closed'; readonly sessionId: string };

