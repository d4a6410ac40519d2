import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Actor } from '#kernel/actor.js';
import type { Principal } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';
import type { AdministrativeAct } from '../../domain/operation/events.js';
import type { OperationView } from '../operation-view.js';

/** Something of administration that needs others' approval. */
export interface Proposal {
  readonly action: string;
  readonly resource: string;
  /** Done when it is approved; null: the approval itself is all. */
  readonly act: AdministrativeAct | null;
  readonly description: string;
  /** From the request on, ms. */
  readonly validMs: number;
  readonly policy: Policy;
  /** Accounts that never decide it, besides who proposes. */
  readonly excluding: readonly Actor[];
}

/** An operation without keys. @throws DomainError IDEMPOTENCY_KEY_REUSED */
export class ProposeOperationCommand extends Command<OperationView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly proposal: Proposal) {
    super();
  }
}
