import type { TrustedIssuer } from '#identity/contract.js';

/** What the configuration says of administration. */
export interface AdministrationSettings {
  /** Of this deployment's control plane. */
  readonly stream: string;
  /** Administrators needed for a change, where no genesis says it. */
  readonly quorum: number;
  /** Trusted issuers, where no genesis says them. */
  readonly issuers: readonly TrustedIssuer[];
  /** Longest administration session. */
  readonly sessionMaxMs: number;
}
/** Injection token of the process's AdministrationSettings. */
export const ADMINISTRATION_SETTINGS = Symbol('AdministrationSettings');

/** How long an operation that is about an act may be decided. */
export const OPERATION_LIVES_MS = 7 * 86_400_000;
