import { checkpointAt } from '#eventing/checkpoint.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import { ledgerStream } from '../../streams.js';
import { LedgerRefusedError } from '../ports/ledger.port.js';
import type { Ledger, StoreAcceptance } from '../ports/ledger.port.js';
import { MAX_ACCEPTANCE_EVENTS } from '../sign/store-standing.js';
import { decodeAcceptance } from './acceptance-kind.js';
import { ledgerHeadText } from './ledger-head.js';

/**
 * Looks for the word of two different administrators who named the ledger's present head for this very store, and records it in the ledger. From then on
 * the ledger does not ask for what it remembered before; its counts stay (rule 17).
 * @param subscription whose checkpoint is to begin with the store
 * @returns whether it was there @throws whatever the store and the ledger throw
 */
export async function recordAcceptance(store: EventStore, ledger: Ledger, subscription: string): Promise<boolean> {
  const [storeId, { head }] = await Promise.all([store.storeId(), ledger.head()]);
  const acceptance = await wordFor(store, ledger.ledgerId, storeId, head);
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

async function wordFor(store: EventStore, ledgerId: string, storeId: string, head: string): Promise<StoreAcceptance | undefined> {
  const newestFirst = await store.readStream(ledgerStream(ledgerId), { limit: MAX_ACCEPTANCE_EVENTS, direction: 'backward' });
  let first: Actor | undefined;
  for (const recorded of newestFirst.toReversed()) {
    const { data } = decodeAcceptance(recorded);
    if (data.storeId !== storeId || data.head !== ledgerHeadText(ledgerId, head)) continue;
    if (first === undefined) first = data.by;
    else if (!sameActor(first, data.by)) return { storeId, head, by: [first, data.by], eventId: recorded.id };
  }
  return undefined;
}
