import type { Clock } from '#kernel/clock.js';
import { HsmError } from '../ports/hsm.port.js';
import type { HsmKeyRef, HsmSession } from '../ports/hsm.port.js';
import { refused } from './authority.js';
import type { Authority, AuthorityVerdict } from './authority.js';
import type { OpenOrder } from './open-order.js';

/** After so many digests, or so long, authority is derived anew before the next C_Sign (rule 6). */
export const RECHECK_AFTER_DIGESTS = 64;
export const RECHECK_AFTER_MS = 1_000;

/** A moment, by both clocks: when authority was last found to hold. */
export interface Rechecked {
  readonly wall: number;
  readonly monotonic: number;
}
export const recheckedAt = (clock: Clock): Rechecked => ({ wall: clock.wall(), monotonic: clock.monotonic() });
export const isStale = (then: Rechecked, clock: Clock): boolean => Math.abs(clock.wall() - then.wall) > RECHECK_AFTER_MS || clock.monotonic() - then.monotonic > RECHECK_AFTER_MS;

export interface SignedDigests {
  /** As the HSM gave them; null where there is none. */
  readonly signatures: (Uint8Array | null)[];
  /** Digests handed to C_Sign: their uses are spent, whatever came of it (rule 7). */
  readonly handed: number;
  /** What kept the others from it, or went wrong; undefined when every digest has a signature. */
  readonly fault: HsmError | Extract<AuthorityVerdict, { holds: false }> | undefined;
}

/**
 * At most one C_Sign a digest, in order. A retryable error in the middle goes on with the rest; a refusal of authority or by the HSM stops.
 * Never throws.
 */
export async function signDigests(order: OpenOrder, key: HsmKeyRef, session: HsmSession, authority: Authority, clock: Clock, rechecked: Rechecked): Promise<SignedDigests> {
  const signatures: (Uint8Array | null)[] = order.inputs.map(() => null);
  let handed = 0;
  let fault: SignedDigests['fault'];
  let checked = rechecked;
  let since = 0;
  for (const [i, input] of order.inputs.entries()) {
    if (since >= RECHECK_AFTER_DIGESTS || isStale(checked, clock)) {
      checked = recheckedAt(clock);
      const verdict = await recheck(order, i, authority);
      if (!verdict.holds) return { signatures, handed, fault: verdict };
      since = 0;
      // The leader's answer itself may have taken too long: it is never signed upon.
      if (isStale(checked, clock)) return { signatures, handed, fault: refused('HSM_UNAVAILABLE', 'authority could not be rechecked in time') };
    }
    since += 1;
    try {
      const at = checked;
      // What the HSM does before C_Sign may take its time as well (rule 6).
      signatures[i] = await session.sign(key, input, () => !isStale(at, clock));
      handed += 1;
    } catch (error) {
      const known = error instanceof HsmError ? error : new HsmError('unknown', 'UNAVAILABLE', 'the call ended unexpectedly');
      fault = known;
      if (known.errorClass === 'unknown') handed += 1;
      if (known.errorClass === 'refused' || known.errorClass === 'fatal' || handed === 0) return { signatures, handed, fault };
    }
  }
  return { signatures, handed, fault };
}

async function recheck(order: OpenOrder, from: number, authority: Authority): Promise<AuthorityVerdict> {
  try {
    await authority.refresh(order);
    return await authority.judge(order, from);
  } catch {
    return refused('HSM_UNAVAILABLE', 'authority could not be rechecked: the store did not answer');
  }
}
