/** Who holds a lease writes its name and fence with what it does. */
export interface HeldLease {
  readonly name: string;
  /** Grows with each holder: what was begun under an older one is not committed any more. */
  readonly fence: bigint;
}

/**
 * Named leases, by the clock of the store that keeps them. For liveness: that one of several does the work, and another goes on when it is gone.
 * Never for safety (rule 18): what must not happen twice is decided by the streams.
 */
export interface Leases {
  /** How long one lasts that is not renewed, ms. Infinite where nobody else could take it. */
  readonly ttlMs: number;
  /** @returns undefined while another holds it @throws StoreUnavailableError */
  acquire(name: string): Promise<HeldLease | undefined>;
  /** @returns false: another holds it now @throws StoreUnavailableError */
  renew(lease: HeldLease): Promise<boolean>;
  /** Others may have it at once. @throws StoreUnavailableError */
  release(lease: HeldLease): Promise<void>;
}

/** Another holds the lease, or may hold it: nothing was written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  constructor(readonly lease: string) {
    super(`the lease ${lease} is another's now`);
  }
}
