import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

/** @throws DomainError OPERATION_NOT_FOUND, NOT_FOUND (no approval of his), APPROVAL_IN_USE, OPERATION_… when final */
export class WithdrawApprovalCommand extends Command<OperationView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly operationId: string) {
    super();
  }
}
