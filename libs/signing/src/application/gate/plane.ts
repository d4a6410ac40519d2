import type { Instant } from '#kernel/clock.js';
import type { ControlPlaneState } from '#administration/contract.js';
import { resolvePolicies } from '#administration/contract.js';
import type { Directory, RelyingParty } from '#identity/contract.js';
import { DomainError } from '#kernel/domain-error.js';
import type { PinnedPolicy, PolicySource, ProofKind } from '#policies/contract.js';
import type { ReliedEvent } from '../ports/ledger.port.js';

/** The control plane as a signer has verified it, at one moment. */
export interface Plane {
  readonly deployment: string;
  readonly state: ControlPlaneState;
  readonly directory: Directory;
  /** Of people as they were at another time of it. */
  directoryAt(at: Instant): Directory;
  /** Every state that was in force at some time from `from` to `to`, oldest first; at least one. */
  between(from: Instant, to: Instant): readonly ControlPlaneState[];
  /** Why it does not verify: nothing is signed by it. */
  readonly fault: string | undefined;
  /** What signers have seen of it, and the store does not have (rules 16, 17): nothing is signed upon that store. */
  readonly lacks: string | undefined;
  /** Its newest event; undefined: it has none. */
  readonly head: ReliedEvent | undefined;
  /** What the next event has to name; null: there is none yet. */
  readonly chainHead: string | null;
  readonly relying: RelyingParty;
  /** Of the service that decisions are signed for; null: no genesis says it. */
  readonly origin: string | null;
  /** Weaker proofs count nowhere where a policy asks for approvals. */
  readonly minimumProof: ProofKind;
}

/** What a key is under in this state; undefined: a name or level that it does not have. */
export function policiesIn(state: ControlPlaneState, source: PolicySource): readonly PinnedPolicy[] | undefined {
  const resolved = resolvePolicies(state, source);
  return resolved instanceof DomainError ? undefined : resolved;
}
