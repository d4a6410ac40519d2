import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { DecisionProof, Principal } from '#identity/contract.js';
import type { OperationView } from '../operation-view.js';

/** @throws DomainError OPERATION_NOT_FOUND, SELF_APPROVAL, NOT_ELIGIBLE, REQUEST_DIGEST_MISMATCH, ALREADY_DECIDED, PROOF_…, CHALLENGE_…, CREDENTIAL_NOT_ACTIVE, OPERATION_… by state */
export class DecideOperationCommand extends Command<OperationView> {
  constructor(
    readonly meta: CommandMeta,
    readonly caller: Principal,
    readonly operationId: string,
    readonly decision: 'approve' | 'reject',
    readonly requestDigest: string,
    readonly comment: string | null,
    /** Null: the token alone. */
    readonly proof: DecisionProof | null,
  ) {
    super();
  }
}
