import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { AcceptanceEvent } from './events.js';

/** Who named one head of the ledger for one store, each once, in their order. */
export interface NamedHead {
  readonly head: string;
  readonly storeId: string;
  readonly by: readonly Actor[];
  /** Those of them who signed it. */
  readonly signedBy: readonly Actor[];
}

/** What administrators have said of one ledger; the newest heads last. */
export interface AcceptanceState {
  readonly named: readonly NamedHead[];
}

export const initialAcceptance: AcceptanceState = { named: [] };

/** So many different heads are remembered: one that was named before so many others has to be named again. */
export const MAX_NAMED_HEADS = 100;

export const namedHead = (state: AcceptanceState, head: string, storeId: string): NamedHead | undefined => state.named.find((n) => n.head === head && n.storeId === storeId);

/** Two different people named it. @param word theirs, as far as it counts: all of them, or those who signed */
export const isAccepted = (word: readonly Actor[]): boolean => word.length >= 2;

export function evolveAcceptance(state: AcceptanceState, { data }: AcceptanceEvent): AcceptanceState {
  const { head, storeId, by, proof } = data;
  const there = namedHead(state, head, storeId) ?? { head, storeId, by: [], signedBy: [] };
  const named: NamedHead = { ...there, by: withOne(there.by, by), signedBy: proof === undefined ? there.signedBy : withOne(there.signedBy, by) };
  return { named: [...state.named.filter((n) => n !== there), named].slice(-MAX_NAMED_HEADS) };
}

const withOne = (some: readonly Actor[], one: Actor): readonly Actor[] => (some.some((other) => sameActor(other, one)) ? some : [...some, { issuer: one.issuer, subject: one.subject }]);
