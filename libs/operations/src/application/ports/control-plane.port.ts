import type { Instant } from '#kernel/clock.js';
import type { Directory } from '#identity/contract.js';
import type { PinnedPolicy, PolicySource } from '#policies/contract.js';

/** What the control plane says at one moment of it. */
export interface ControlPlaneView {
  readonly directory: Directory;
  /** The policies that a key of this source is under now: its own first. @throws DomainError POLICY_NOT_FOUND */
  resolve(source: PolicySource): readonly PinnedPolicy[];
  /** Two people do not approve each other's operations within so many days; 0: they may. */
  readonly mutualWithinDays: number;
  /** Whether an administration session that is open names the key for signing: a root key signs in no other way. */
  sessionNames(keyId: string, now: Instant): boolean;
}

/** The control plane as operations look at it. */
export interface ControlPlane {
  /** As the leader has it, newer than the call (rule 13). @throws StoreUnavailableError */
  fresh(): Promise<ControlPlaneView>;
  /** As it is known here: for what is shown, never for what is decided. */
  known(): ControlPlaneView;
  /** Whom signed decisions are for: the public URL, and WebAuthn's names of it. */
  readonly relying: { readonly audience: string; readonly rpId: string; readonly origin: string };
}
/** Injection token of the process's ControlPlane. */
export const CONTROL_PLANE = Symbol('ControlPlane');
