import type { EventStore, Position, RecordedEvent } from '#eventing/event-store.port.js';
import { ledgerStream, SIGN_ORDER_PREFIX } from '../../streams.js';
import type { Started } from '../../domain/sign-order/events.js';
import type { Ledger, LedgerSigner, ReliedEvent } from '../ports/ledger.port.js';
import { holdsEvent } from './store-behind.js';

/** Of the streams that were relied on latest, so many are looked for at a start; each other one before the first order that relies on it. */
export const REMEMBERED_AT_START = 1_000;
const READS_AT_ONCE = 16;
const PAGE = 500;
/** More than administrators ever say of one ledger. */
export const MAX_ACCEPTANCE_EVENTS = 1_000;

export type StoreStanding =
  | {
      readonly holds: true;
      /** Where the subscription goes on; undefined: from the beginning. */
      readonly after: Position | undefined;
      /** Where administrators last accepted this store: who was lost with the ledger before it, is gone. */
      readonly acceptedAt: Position | undefined;
    }
  | { readonly holds: false; readonly reason: string };

const behind = (reason: string): StoreStanding => ({ holds: false, reason });

/**
 * Whether this store is the one that the ledger has signed for, and no older copy of it (rule 17). To be asked before anything is signed.
 * Positions are compared within one store only: in a copy of it, what is remembered is looked for by stream and revision.
 * @param known signers and incarnations that the ledger knew before this one took its name
 * @throws whatever the store and the ledger throw
 */
export async function storeStanding(store: EventStore, ledger: Ledger, subscription: string, known: readonly LedgerSigner[]): Promise<StoreStanding> {
  const [storeId, checkpoint, acceptance] = await Promise.all([store.storeId(), ledger.checkpoint(subscription), ledger.acceptance()]);
  const accepted = acceptance === undefined ? undefined : await acceptanceEvent(store, ledger, acceptance.eventId);
  if (acceptance !== undefined && accepted === undefined) return behind('it lacks the word of the administrators who accepted it');
  const here = checkpoint?.storeId === storeId ? checkpoint : undefined;
  const after = here === undefined ? undefined : BigInt(here.position);
  if (here !== undefined && after !== undefined && (await store.readAt(after))?.id !== here.eventId) return behind('it lacks the last event that the signer had finished');
  if (here === undefined && acceptance === undefined && (await isMissing(store, ledger, known))) return behind('it holds orders that were started, and the ledger has never counted one: the ledger is another one, or it was lost');
  const lacking = await firstLacking(store, await ledger.newestRemembered(REMEMBERED_AT_START));
  if (lacking !== undefined) return behind(`${lacking.stream} lacks the event at revision ${lacking.revision} that was signed upon`);
  return { holds: true, after, acceptedAt: accepted?.position };
}

async function acceptanceEvent(store: EventStore, ledger: Ledger, eventId: string): Promise<RecordedEvent | undefined> {
  return (await store.readStream(ledgerStream(ledger.ledgerId), { limit: MAX_ACCEPTANCE_EVENTS, direction: 'backward' })).find(({ id }) => id === eventId);
}

/**
 * A ledger that has counted nothing, beside a store in which somebody started an order. Who shares a new ledger may have started one a moment ago:
 * its name is known.
 */
async function isMissing(store: EventStore, ledger: Ledger, known: readonly LedgerSigner[]): Promise<boolean> {
  const first = await firstStarted(store);
  if (first === undefined) return false;
  // In this order: what was counted after the store was looked at, was counted for what stands there.
  const { orders } = await ledger.head();
  if (orders > 0) return false;
  const names = [...known, ...(await ledger.heartbeats())];
  return !names.some(({ name, incarnation }) => name === first.signer && incarnation === first.incarnation);
}

async function firstStarted(store: EventStore): Promise<Started['data'] | undefined> {
  let from: Position | undefined;
  for (;;) {
    const page: readonly RecordedEvent[] = await store.readAll({ limit: PAGE, prefixes: [SIGN_ORDER_PREFIX], ...(from === undefined ? {} : { from }) });
    const started = page.find(({ type }) => type === 'signing.started.v1');
    if (started !== undefined) return started.data as Started['data'];
    const last = page.at(-1);
    if (last === undefined) return undefined;
    from = last.position;
  }
}

async function firstLacking(store: EventStore, remembered: readonly ReliedEvent[]): Promise<ReliedEvent | undefined> {
  for (let i = 0; i < remembered.length; i += READS_AT_ONCE) {
    const some = remembered.slice(i, i + READS_AT_ONCE);
    const held = await Promise.all(some.map((event) => holdsEvent(store, event)));
    const lacking = some.find((_, n) => held[n] === false);
    if (lacking !== undefined) return lacking;
  }
  return undefined;
}
