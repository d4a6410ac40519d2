// These are storage formats: fields are added, never changed.
import type { Actor } from '#kernel/actor.js';
import type { DomainEvent } from '#kernel/decider.js';

/** An administrator says that signing may go on with this store, though the ledger remembers more than it holds (rule 17). */
export type OlderStoreAccepted = DomainEvent<'signing.older-store-accepted.v1', {
  readonly ledgerId: string;
  /** Of the ledger, as it shows it: what the ledger had counted when he looked. */
  readonly head: string;
  /** Of the store in which this event stands. */
  readonly storeId: string;
  readonly by: Actor;
  /** His compact JWS over `acceptanceStatement(head)`; left out: his token was enough. Under a genesis signers believe nothing else (rule 22). */
  readonly proof?: string;
  /** True with the second administrator who named the same head for the same store. */
  readonly accepted: boolean;
  readonly personal: { readonly name: string | null; readonly comment: string };
}>;

export type AcceptanceEvent = OlderStoreAccepted;
