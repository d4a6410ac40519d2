import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

/** `inFlight`: orders that had started before it and had no end then; they may still sign. */
export type RevocationView = OperationView & { readonly inFlight: readonly string[] };

/** @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION, OPERATION_… when final */
export class RevokeOperationCommand extends Command<RevocationView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly operationId: string, readonly reason: string) {
    super();
  }
}
