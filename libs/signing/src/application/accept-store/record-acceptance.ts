import { checkpointAt } from '#eventing/checkpoint.js';
import type { EventStore } from '#eventing/event-store.port.js';
import type { Actor } from '#kernel/actor.js';
import { ledgerStream } from '../../streams.js';
import type { OlderStoreAccepted } from '../../domain/ledger-acceptance/events.js';
import { LedgerRefusedError } from '../ports/ledger.port.js';
import type { Ledger, StoreAcceptance } from '../ports/ledger.port.js';
import { MAX_ACCEPTANCE_EVENTS } from '../sign/store-standing.js';
import { decodeAcceptance } from './acceptance-kind.js';
import { ledgerHeadText } from './ledger-head.js';

/** How administrators are heard. */
export interface Hearing {
  /** Whose word it is; undefined: nobody's that counts. Never throws. */
  whose(word: Pick<OlderStoreAccepted['data'], 'head' | 'by' | 'proof'>): Promise<Actor | undefined>;
  /** One person, by whatever account. */
  isSame(a: Actor, b: Actor): boolean;
}

/**
 * Looks for the word of two different administrators who named the ledger's present head for this very store, and records it in the ledger. From then on
 * the ledger does not ask for what it remembered before; its counts stay (rule 17).
 * @param subscription whose checkpoint is to begin with the store
 * @param hear by the control plane as it is now
 * @returns whether it was there @throws whatever the store and the ledger throw
 */
export async function recordAcceptance(store: EventStore, ledger: Ledger, subscription: string, hear: () => Promise<Hearing>): Promise<boolean> {
  const [storeId, { head }] = await Promise.all([store.storeId(), ledger.head()]);
  const acceptance = await wordFor(store, ledger.ledgerId, storeId, head, hear);
  if (acceptance === undefined) return false;
  try {
    await ledger.acceptStore(acceptance);
  } catch (error) {
    // Another signer has counted a use since: they have to name the new head.
    if (error instanceof LedgerRefusedError && error.reason === 'HEAD_MOVED') return false;
    throw error;
  }
  // A crash in between leaves a checkpoint that is not found: it is asked for anew, and nothing is signed meanwhile.
  const [first] = await store.readAll({ limit: 1 });
  if (first !== undefined) await ledger.saveCheckpoint(subscription, checkpointAt(storeId, first));
  return true;
}

async function wordFor(store: EventStore, ledgerId: string, storeId: string, head: string, hear: () => Promise<Hearing>): Promise<StoreAcceptance | undefined> {
  const newestFirst = await store.readStream(ledgerStream(ledgerId), { limit: MAX_ACCEPTANCE_EVENTS, direction: 'backward' });
  const words = newestFirst.toReversed().map((recorded) => ({ eventId: recorded.id, ...decodeAcceptance(recorded).data })).filter((word) => word.storeId === storeId && word.head === ledgerHeadText(ledgerId, head));
  if (words.length < 2) return undefined;
  const hearing = await hear();
  let first: Actor | undefined;
  for (const word of words) {
    const by = await hearing.whose(word);
    if (by === undefined) continue;
    if (first === undefined) first = by;
    else if (!hearing.isSame(first, by)) return { storeId, head, by: [first, by], eventId: word.eventId };
  }
  return undefined;
}
