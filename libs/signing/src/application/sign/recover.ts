import type { Position } from '#eventing/event-store.port.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import type { LedgerSigner } from '../ports/ledger.port.js';
import type { AttemptContext } from './attempt.js';
import type { Lock, OpenOrder } from './open-order.js';

/** Silence after which another signer may call an order unknown (rule 9). */
export const SILENT_AFTER_MS = 30_000;

/** What one signer knows of the others' silence. */
export interface Listener {
  /** For how long this process could reach the ledger without a break. */
  readonly listenedMs: number;
  /** As the ledger tells it now. */
  readonly heard: readonly (LedgerSigner & { readonly silentMs: number })[];
  /** Where administrators accepted this store for this ledger: who is not known here and wrote before it, is gone (rule 17). Undefined: they never did. */
  readonly acceptedAt: Position | undefined;
}

/**
 * Whether a signer, as it wrote an event at `at`, is gone: it has been silent, while it could be heard (rule 9). Of one that this ledger never
 * heard of nothing is known: it may well live, beside another ledger.
 */
export function isGone(name: string, at: Position, { listenedMs, heard, acceptedAt }: Listener): boolean {
  if (listenedMs <= SILENT_AFTER_MS) return false;
  const same = heard.filter((h) => h.name === name);
  return same.length === 0 ? acceptedAt !== undefined && at < acceptedAt : same.every((h) => h.silentMs > SILENT_AFTER_MS);
}

/**
 * Ends an order whose attempt is gone: the same signer completes from its ledger when all signatures are there (rule 8), everybody else, and
 * everything else, is `outcome-unknown` with all uses spent (rules 2, 7). Not to be called while an attempt of this process is at it.
 * @returns whether its end stands on its stream
 */
export async function recover(order: OpenOrder, lock: Lock, { signer: self, ledger, stream }: Pick<AttemptContext, 'signer' | 'ledger' | 'stream'>, listener: Listener): Promise<boolean> {
  const { operationId, keyId, digests, count, signOrderId } = order;
  const own = lock.signer === self.name;
  if (!own && !isGone(lock.signer, lock.at, listener)) return false;
  const entry = await ledger.entry(signOrderId);
  const signatures = entry?.incarnation === lock.incarnation && entry.signatures !== null ? entry.signatures : digests.map(() => null);
  const whole = signatures.filter((s): s is string => s !== null);
  const at = stream.now();
  const ending: SigningEvent =
    own && whole.length === count
      ? { type: 'signing.completed.v1', data: { operationId, keyId, signer: self.name, digests, signatures: whole, at } }
      : { type: 'signing.outcome-unknown.v1', data: { operationId, keyId, signer: self.name, detail: 'the signer ended in the middle of the order', digests, signatures, spent: count, returned: 0, at } };
  await stream.append(signOrderId, 0, ending);
  return true;
}
