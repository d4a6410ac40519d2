import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';

export interface StoreAcceptanceView {
  /** Of the ledger, as it was named. */
  readonly head: string;
  readonly storeId: string;
  /** Two different administrators named this head for this store: the signer goes on if it is the ledger's present head. */
  readonly accepted: boolean;
  readonly by: readonly { readonly issuer: string; readonly subject: string }[];
}

/** An administrator names the ledger's head, so that signing goes on with a store that lies behind it (rule 17). */
export class AcceptStoreCommand extends Command<StoreAcceptanceView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly head: string, readonly comment: string, /** Compact JWS over `acceptanceStatement(head)`. */ readonly proof?: string) {
    super();
  }
}
