import { LeaseLostError } from './lease.port.js';
import type { HeldLease, Leases } from './lease.port.js';
import { pause } from './pause.js';

/** How often one that another holds is asked for, ms. With the lease's 6 s another works within 10 s of a death. */
const ACQUIRE_EVERY_MS = 1_000;
const RENEW_EVERY_MS = 2_000;
const RENEW_AGAIN_MS = 500;
/** So long before it ends in the store it is taken for lost here: what is under way stops before another begins. */
const MARGIN_MS = 1_000;

/** What runs under a lease. */
export interface UnderLease {
  readonly lease: HeldLease;
  /** Aborts when the lease is lost, or all is to stop. */
  readonly signal: AbortSignal;
  /** Does what writes under the lease's fence. @throws what it throws; LeaseLostError ends the lease as well */
  readonly fenced: <T>(work: () => Promise<T>) => Promise<T>;
}

export interface WithLeaseOptions {
  readonly leases: Leases;
  /** What it is about; one of several holds it. */
  readonly name: string;
  /** Works until the signal aborts, from the beginning each time: what it kept in memory of an earlier time is out of date. */
  readonly run: (under: UnderLease) => Promise<void>;
  readonly stopping: AbortSignal;
  /** Whether this one holds it now, or another; told again when the leases answer after they did not. */
  readonly changed?: (held: boolean) => void;
  /** The leases can't be asked, or `run` failed; both are tried again. */
  readonly failed?: (error: unknown) => void;
}

/** Runs whenever the lease can be had, until `stopping` aborts, and then gives it back at once. Never rejects. */
export async function withLease(options: WithLeaseOptions): Promise<void> {
  const { leases, name, stopping } = options;
  while (!stopping.aborted) {
    // Counted from before it was asked for: the store's time began later.
    const asked = performance.now();
    try {
      const lease = await leases.acquire(name);
      options.changed?.(lease !== undefined);
      if (lease !== undefined) {
        await hold(options, lease, asked);
        options.changed?.(false);
      }
    } catch (error) {
      options.failed?.(error);
    }
    await pause(ACQUIRE_EVERY_MS, stopping);
  }
}

async function hold(options: WithLeaseOptions, lease: HeldLease, asked: number): Promise<void> {
  const { leases, run, stopping, failed } = options;
  const lost = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal]);
  const fenced = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LeaseLostError) lost.abort();
      throw error;
    }
  };
  const kept = keep(leases, lease, asked, signal, lost, options);
  try {
    await run({ lease, signal, fenced });
  } finally {
    lost.abort();
    await kept;
    // One that another took by now stays as it is.
    await leases.release(lease).catch((error: unknown) => failed?.(error));
  }
}

async function keep(leases: Leases, lease: HeldLease, asked: number, signal: AbortSignal, lost: AbortController, { failed, changed }: Pick<WithLeaseOptions, 'failed' | 'changed'>): Promise<void> {
  if (!Number.isFinite(leases.ttlMs)) return;
  let until = asked + leases.ttlMs - MARGIN_MS;
  for (let wait = RENEW_EVERY_MS; ; ) {
    await pause(Math.min(wait, until - performance.now()), signal);
    if (signal.aborted) return;
    const began = performance.now();
    const answered = leases.renew(lease).catch((error: unknown) => void failed?.(error));
    const renewed = await Promise.race([answered, pause(until - began, signal)]);
    if (renewed === true) {
      until = began + leases.ttlMs - MARGIN_MS;
      // What nothing happens to would be told as failing until its next event.
      if (wait === RENEW_AGAIN_MS) changed?.(true);
    }
    if (renewed === false || performance.now() >= until) return lost.abort();
    wait = renewed === true ? RENEW_EVERY_MS : RENEW_AGAIN_MS;
  }
}
