import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { SignOrderView } from '../sign-order-view.js';

/** `resolved` once two different administrators found the same. @throws DomainError SIGN_ORDER_NOT_FOUND, VALIDATION_FAILED (its outcome is known) */
export class ResolveOutcomeCommand extends Command<{ readonly order: SignOrderView; readonly resolved: boolean }> {
  constructor(
    readonly meta: CommandMeta,
    readonly caller: Principal,
    readonly operationId: string,
    readonly signOrderId: string,
    readonly finding: 'signed' | 'not-signed',
    readonly comment: string,
  ) {
    super();
  }
}
