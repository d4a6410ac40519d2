import { HsmError } from '../ports/hsm.port.js';
import type { HsmKeyRef, HsmSession } from '../ports/hsm.port.js';
import type { OpenOrder } from './open-order.js';

/** Up to so many digests every signature of an order is verified, beyond it one, unless the key's purpose asks for all (rule 15). */
export const VERIFY_ALL_UP_TO = 16;

export interface VerifyOptions {
  readonly all: boolean;
  /** Another session, for when the order's own one broke and was given back. */
  readonly another: () => Promise<HsmSession>;
}

/**
 * Takes out what does not verify under the registered public key; all of it is looked at as soon as one fails.
 * A signature that could not be verified is not handed out either. Never throws.
 */
export async function verified(order: OpenOrder, key: HsmKeyRef, session: HsmSession, signatures: readonly (Uint8Array | null)[], options: VerifyOptions): Promise<readonly (Uint8Array | null)[]> {
  const there = signatures.flatMap((s, i) => (s === null ? [] : [i]));
  const sample = options.all || there.length <= VERIFY_ALL_UP_TO ? there : there.slice(-1);
  let second: HsmSession | undefined;
  const holds = async (input: Uint8Array, signature: Uint8Array): Promise<boolean> => {
    try {
      return await (second ?? session).verify(key, input, signature);
    } catch (error) {
      if (second !== undefined || !(error instanceof HsmError)) return false;
    }
    // Given back first: it may be the token's only one, and then nobody, not even we, would get another (rule 7: there are signatures to hand out).
    session.release();
    try {
      second = await options.another();
      return await second.verify(key, input, signature);
    } catch {
      return false;
    }
  };
  const wrongAmong = async (indexes: readonly number[]): Promise<ReadonlySet<number>> => {
    const wrong = new Set<number>();
    for (const i of indexes) {
      const signature = signatures[i];
      const input = order.inputs[i];
      if (signature instanceof Uint8Array && input !== undefined && !(await holds(input, signature))) wrong.add(i);
    }
    return wrong;
  };
  let wrong = await wrongAmong(sample);
  if (wrong.size > 0 && sample.length < there.length) wrong = await wrongAmong(there);
  second?.release();
  return signatures.map((s, i) => (wrong.has(i) ? null : s));
}
