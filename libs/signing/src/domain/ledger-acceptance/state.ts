import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { AcceptanceEvent } from './events.js';

/** Who named one head of the ledger for one store, each once, in their order. */
export interface NamedHead {
  readonly head: string;
  readonly storeId: string;
  readonly by: readonly Actor[];
}

/** What administrators have said of one ledger; the newest heads last. */
export interface AcceptanceState {
  readonly named: readonly NamedHead[];
}

export const initialAcceptance: AcceptanceState = { named: [] };

/** So many different heads are remembered: one that was named before so many others has to be named again. */
export const MAX_NAMED_HEADS = 100;

export const namedHead = (state: AcceptanceState, head: string, storeId: string): NamedHead | undefined => state.named.find((n) => n.head === head && n.storeId === storeId);

/** Two different people named it. */
export const isAccepted = (named: NamedHead | undefined): boolean => named !== undefined && named.by.length >= 2;

export function evolveAcceptance(state: AcceptanceState, { data }: AcceptanceEvent): AcceptanceState {
  const { head, storeId, by } = data;
  const there = namedHead(state, head, storeId) ?? { head, storeId, by: [] };
  const named: NamedHead = there.by.some((other) => sameActor(other, by)) ? there : { ...there, by: [...there.by, { issuer: by.issuer, subject: by.subject }] };
  return { named: [...state.named.filter((n) => n !== there), named].slice(-MAX_NAMED_HEADS) };
}
