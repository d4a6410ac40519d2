// These are storage formats: fields are added, never changed.
// Names, claims and comments of people stand in `personal`, so that they can be sealed later.
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DomainEvent } from '#kernel/decider.js';
import type { Algorithm } from '#keys/contract.js';
import type { DecisionProof, StandIn } from '#identity/contract.js';
import type { PinnedPolicy, Policy, PolicyNode } from '#policies/contract.js';

/** A key of an operation with the policy in force when it was asked for. */
export interface GrantedKey {
  readonly keyId: string;
  readonly algorithm: Algorithm;
  /** Lower-case hex SHA-256 of the SPKI. */
  readonly publicKeySha256: string;
  readonly maxUsageCount: number;
  readonly policy: Policy;
  /** Where the policy has a name: the version in force when it was asked for. */
  readonly policyName?: string;
  readonly policyVersion?: number;
  /** What the key's assurance level and those below it ask for as well; each is met on its own. */
  readonly demands?: readonly PinnedPolicy[];
}

/** A call of the api that changes the control plane, as it came. */
export interface AdministrativeAct {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  /** What its proposer signed of it: a compact JWS; null where nothing was asked. */
  readonly proof: string | null;
}

/** Something other than a key's use that an operation allows. */
export interface AdministrativeGrant {
  readonly action: string;
  readonly resource: string;
  readonly policy: Policy;
  /** Done when the operation is approved; null: nothing is. */
  readonly act: AdministrativeAct | null;
  /** Accounts that never decide it, besides who asked. */
  readonly excluding: readonly Actor[];
}

export type Requested = DomainEvent<'operations.requested.v1', {
  readonly operationId: string;
  readonly requestDigest: string;
  readonly requestedBy: Actor;
  readonly requestedAt: Instant;
  readonly notBefore: Instant;
  readonly expiresAt: Instant;
  readonly description: string;
  readonly approverContext: string | null;
  readonly keyUsages: readonly GrantedKey[];
  /** Base64 digests that alone may be signed. */
  readonly binding: { readonly digests: readonly string[] } | null;
  /** Left out: none. */
  readonly grants?: readonly AdministrativeGrant[];
  /** Base64 SHA-256 of the RFC 8785 list of each resource with its policies' digest: what a signed decision names. */
  readonly policyDigest?: string;
  /** The policies' emergency paths are taken: they are pinned in place of the usual trees. */
  readonly emergency?: boolean;
  readonly personal: { readonly name: string | null; readonly claims: Readonly<Record<string, unknown>>; readonly statement: string; readonly emergencyReason?: string };
}>;

/** Bytes that one person may sign for one decision, once. */
export type DecisionChallenged = DomainEvent<'operations.decision-challenged.v1', {
  readonly challengeId: string;
  readonly by: Actor;
  readonly decision: 'approve' | 'reject';
  /** RFC 8785: exactly what is to be signed. */
  readonly statement: string;
  readonly at: Instant;
  readonly expiresAt: Instant;
}>;
/** What was signed, whole: it verifies by itself. */
export type GivenProof = DecisionProof & { readonly credentialId: string; readonly statement: string };
interface Decision {
  readonly by: Actor;
  /** As the token told them at that moment. */
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly at: Instant;
  readonly requestDigest: string;
  readonly proof?: GivenProof;
  /** In whose name a deputy decides, and in place of members of which groups. */
  readonly onBehalfOf?: StandIn;
  readonly personal: { readonly name: string | null; readonly claims: Readonly<Record<string, unknown>>; readonly comment: string | null };
}
export type ApprovalGiven = DomainEvent<'operations.approval-given.v1', Decision>;
export type ApprovalWithdrawn = DomainEvent<'operations.approval-withdrawn.v1', { readonly by: Actor }>;
export type RejectionGiven = DomainEvent<'operations.rejection-given.v1', Decision>;
/** Every key's policy is met. */
export type Approved = DomainEvent<'operations.approved.v1', Record<string, never>>;
export type Rejected = DomainEvent<'operations.rejected.v1', Record<string, never>>;
export type Revoked = DomainEvent<'operations.revoked.v1', { readonly by: Actor; readonly personal: { readonly name: string | null; readonly reason: string } }>;
export type Expired = DomainEvent<'operations.expired.v1', Record<string, never>>;
export type Exhausted = DomainEvent<'operations.exhausted.v1', Record<string, never>>;

export type SignatureFormat = 'der' | 'raw';
/** Digests (base64, of the key's hash), or for EdDSA the message itself. */
export type SignedInput = { readonly digests: readonly string[] } | { readonly message: string };

/** All that a signer on another machine needs (rule 5). */
export type UsesReserved = DomainEvent<'operations.uses-reserved.v1', {
  readonly operationId: string;
  readonly signOrderId: string;
  readonly requestedAt: Instant;
  readonly keyId: string;
  readonly algorithm: Algorithm;
  readonly publicKeySha256: string;
  /** One use a signature. */
  readonly count: number;
  readonly input: SignedInput;
  readonly format: SignatureFormat;
  readonly bodyDigest: string;
  /** The orderer's own signature over the order, with the Idempotency-Key from which its id follows (rule 20). */
  readonly proof?: { readonly jws: string; readonly idempotencyKey: string };
}>;

/** How one order ended on its own stream; `cause` is the id of that event. */
export interface Settlement {
  readonly signOrderId: string;
  readonly spent: number;
  readonly returned: number;
  readonly cause: string;
}
export type UsesSettled = DomainEvent<'operations.uses-settled.v1', { readonly settled: readonly { readonly signOrderId: string; readonly keyId: string; readonly spent: number; readonly cause: string }[] }>;
export type UsesReturned = DomainEvent<'operations.uses-returned.v1', { readonly returned: readonly { readonly signOrderId: string; readonly keyId: string; readonly count: number; readonly cause: string }[] }>;

/** A use by an emergency path: others have to look at it until then. */
export type ReviewOpened = DomainEvent<'operations.review-opened.v1', { readonly at: Instant; readonly dueAt: Instant }>;
export type ReviewGiven = DomainEvent<'operations.review-given.v1', {
  readonly by: Actor;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly at: Instant;
  readonly verdict: 'justified' | 'not-justified';
  readonly personal: { readonly name: string | null; readonly comment: string };
}>;
/** `justified`: by as many as the policies ask for. `not-justified`: by one. */
export type ReviewClosed = DomainEvent<'operations.review-closed.v1', { readonly verdict: 'justified' | 'not-justified' }>;
/** Nobody did in time: these keys are disabled. */
export type ReviewOverdue = DomainEvent<'operations.review-overdue.v1', { readonly keyIds: readonly string[] }>;
/** Nobody decided for as long as a policy says. */
export type ReminderDue = DomainEvent<'operations.reminder-due.v1', { readonly dueAt: Instant }>;
export type Escalated = DomainEvent<'operations.escalated.v1', { readonly dueAt: Instant; readonly to: readonly PolicyNode[] }>;

export type DecisionRefusal = 'SELF_APPROVAL' | 'NOT_ELIGIBLE' | 'REQUEST_DIGEST_MISMATCH' | 'PROOF_INVALID' | 'CREDENTIAL_NOT_ACTIVE' | 'CHALLENGE_MISMATCH' | 'CHALLENGE_USED';
/** Refusals of one person for one reason within a minute stand in one event. */
export type DecisionRefused = DomainEvent<'operations.decision-refused.v1', { readonly by: Actor; readonly code: DecisionRefusal; readonly count: number }>;
export type UseRefused = DomainEvent<'operations.use-refused.v1', { readonly by: Actor; readonly code: string; readonly keyId: string | null; readonly count: number }>;

export type OperationEvent =
  | Requested | DecisionChallenged | ApprovalGiven | ApprovalWithdrawn | RejectionGiven | Approved | Rejected | Revoked | Expired | Exhausted
  | UsesReserved | UsesSettled | UsesReturned | DecisionRefused | UseRefused
  | ReviewOpened | ReviewGiven | ReviewClosed | ReviewOverdue | ReminderDue | Escalated;
