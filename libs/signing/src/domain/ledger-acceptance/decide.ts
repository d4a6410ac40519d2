import { sameActor } from '#kernel/actor.js';
import type { Actor } from '#kernel/actor.js';
import type { Decider } from '#kernel/decider.js';
import type { AcceptanceEvent } from './events.js';
import { evolveAcceptance, initialAcceptance, namedHead } from './state.js';
import type { AcceptanceState } from './state.js';

/** An administrator names the ledger's head for a store that lies behind it (rule 17). Whether it is the present head, only the signer knows. */
export interface AcceptOlderStore {
  readonly ledgerId: string;
  readonly head: string;
  readonly storeId: string;
  readonly by: Actor;
  readonly name: string | null;
  readonly comment: string;
  /** What he signed; undefined: his token is enough. */
  readonly proof?: string;
}

/** One person counts once: naming the same head again says nothing new. */
export function decideAcceptance(command: AcceptOlderStore, state: AcceptanceState): readonly AcceptanceEvent[] {
  const { ledgerId, head, storeId, by, name, comment, proof } = command;
  const named = namedHead(state, head, storeId);
  const others = (proof === undefined ? named?.by : named?.signedBy) ?? [];
  if (others.some((other) => sameActor(other, by))) return [];
  const data = { ledgerId, head, storeId, by: { issuer: by.issuer, subject: by.subject }, ...(proof === undefined ? {} : { proof }), accepted: others.length > 0, personal: { name, comment } };
  return [{ type: 'signing.older-store-accepted.v1', data }];
}

export const acceptanceDecider: Decider<AcceptOlderStore, AcceptanceEvent, AcceptanceState> = { initialState: initialAcceptance, decide: decideAcceptance, evolve: evolveAcceptance };
