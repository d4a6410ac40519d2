import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { AssertionOptions, Principal } from '#identity/contract.js';

/** What is to be signed, and for a browser how. */
export interface DecisionChallengeView {
  readonly challengeId: string;
  readonly statement: string;
  readonly expiresAt: string;
  /** Where the caller has an authenticator for it. */
  readonly webauthn?: AssertionOptions;
}

/** A statement to sign, for one decision of this caller, once. @throws DomainError OPERATION_NOT_FOUND, SELF_APPROVAL, NOT_ELIGIBLE, PROOF_INVALID, CREDENTIAL_NOT_ACTIVE, ALREADY_DECIDED, OPERATION_… by state */
export class ChallengeDecisionCommand extends Command<DecisionChallengeView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly operationId: string, readonly decision: 'approve' | 'reject', readonly credentialId: string | null) {
    super();
  }
}
