import type { SigningEvent } from '../../domain/sign-order/events.js';
import type { Ledger, LedgerSigner } from '../ports/ledger.port.js';
import type { Lock, OpenOrder } from './open-order.js';
import type { OrderStream } from './order-stream.js';

/** Silence after which another signer may call an order unknown (rule 9). */
export const SILENT_AFTER_MS = 30_000;

/**
 * Ends an order whose attempt is gone: the same signer completes from its ledger when all signatures are there (rule 8), everybody else, and
 * everything else, is `outcome-unknown` with all uses spent (rules 2, 7). Not to be called while an attempt of this process is at it.
 * @param listenedMs for how long this process could reach the ledger without a break
 * @returns whether its end stands on its stream
 */
export async function recover(order: OpenOrder, lock: Lock, self: LedgerSigner, ledger: Ledger, stream: OrderStream, listenedMs: number): Promise<boolean> {
  const { operationId, keyId, digests, count, signOrderId } = order;
  if (!(await mayEnd(lock, self, ledger, listenedMs))) return false;
  const entry = await ledger.entry(signOrderId);
  const signatures = entry?.incarnation === lock.incarnation && entry.signatures !== null ? entry.signatures : digests.map(() => null);
  const whole = signatures.filter((s): s is string => s !== null);
  const own = lock.signer === self.name;
  const at = stream.now();
  const ending: SigningEvent =
    own && whole.length === count
      ? { type: 'signing.completed.v1', data: { operationId, keyId, signer: self.name, digests, signatures: whole, at } }
      : { type: 'signing.outcome-unknown.v1', data: { operationId, keyId, signer: self.name, detail: 'the signer ended in the middle of the order', digests, signatures, spent: count, returned: 0, at } };
  await stream.append(signOrderId, 0, ending);
  return true;
}

/** Rule 9: the named signer, whose attempt ended with its process or broke, or another one when that signer has been silent. Where nobody could be heard there was no silence. */
async function mayEnd(lock: Lock, self: LedgerSigner, ledger: Ledger, listenedMs: number): Promise<boolean> {
  if (lock.signer === self.name) return true;
  if (listenedMs <= SILENT_AFTER_MS) return false;
  const heard = (await ledger.heartbeats()).filter((h) => h.name === lock.signer);
  return heard.length > 0 && heard.every((h) => h.silentMs > SILENT_AFTER_MS);
}
