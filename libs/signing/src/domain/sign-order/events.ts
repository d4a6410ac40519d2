// These are storage formats: fields are added, never changed.
import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DomainEvent } from '#kernel/decider.js';
import type { Algorithm } from '#keys/contract.js';
import type { SignatureFormat } from '#operations/contract.js';
import type { Blocker, BlockerCode } from './blocker.js';

/** In every event that can be the first of its stream (rule 4). */
export interface OrderFacts {
  readonly operationId: string;
  readonly signOrderId: string;
  /** Id of the `operations.uses-reserved` event. */
  readonly reservation: string;
  readonly bodyDigest: string;
  readonly requestedAt: Instant;
  readonly keyId: string;
  readonly algorithm: Algorithm;
  readonly count: number;
  readonly format: SignatureFormat;
}
/** The lock (rule 1): whose event stands at revision 0 may sign, nobody else, ever. */
export type Started = DomainEvent<'signing.started.v1', OrderFacts & {
  readonly signer: string;
  /** A random id per process start. */
  readonly incarnation: string;
  /** A random id per attempt. */
  readonly attempt: string;
  /** Lower-case hex SHA-256 of the SPKI of the key that signs. */
  readonly publicKeySha256: string;
  /** What is about to be signed, base64; for EdDSA the SHA-256 of the message. */
  readonly digests: readonly string[];
}>;
export type Completed = DomainEvent<'signing.completed.v1', {
  readonly operationId: string;
  readonly keyId: string;
  readonly signer: string;
  readonly digests: readonly string[];
  /** Base64, in the order of `digests`, in the order's format. */
  readonly signatures: readonly string[];
  readonly at: Instant;
}>;
/** Those of a halted order are blockers' codes: the first one's. */
export type FailureCode = 'HSM_UNAVAILABLE' | 'HSM_REFUSED' | 'KEY_MISSING_IN_HSM' | 'OUTCOME_UNKNOWN' | BlockerCode;
interface NotSigned extends OrderFacts {
  readonly signer: string;
  readonly code: FailureCode;
  readonly detail: string;
  readonly at: Instant;
}
/** No C_Sign was begun: the HSM or its key was not there. */
export type Failed = DomainEvent<'signing.failed.v1', NotSigned>;
/** No C_Sign was begun: authority no longer held. */
export type Halted = DomainEvent<'signing.halted.v1', NotSigned & {
  /** All that kept it from being signed, at least one; left out in events of the first releases. */
  readonly blockers?: readonly Blocker[];
}>;
export type OutcomeUnknown = DomainEvent<'signing.outcome-unknown.v1', {
  readonly operationId: string;
  readonly keyId: string;
  readonly signer: string;
  readonly detail: string;
  readonly digests: readonly string[];
  /** Null where there is none. */
  readonly signatures: readonly (string | null)[];
  readonly spent: number;
  /** Digests that the attempt itself never handed to C_Sign; 0 when another tells it (rule 7). */
  readonly returned: number;
  readonly at: Instant;
}>;
/** An attempt that woke up to `outcome-unknown` tells what it had; nothing is handed out (rule 8). */
export type LateOutcome = DomainEvent<'signing.late-outcome.v1', { readonly operationId: string; readonly keyId: string; readonly signer: string; readonly signatures: readonly (string | null)[] }>;
/** What an administrator found; `resolved` with the second one who found the same. */
export type OutcomeResolved = DomainEvent<'signing.outcome-resolved.v1', {
  readonly operationId: string;
  readonly by: Actor;
  readonly finding: 'signed' | 'not-signed';
  readonly resolved: boolean;
  readonly personal: { readonly name: string | null; readonly comment: string };
}>;

export type SigningEvent = Started | Completed | Failed | Halted | OutcomeUnknown | LateOutcome | OutcomeResolved;
