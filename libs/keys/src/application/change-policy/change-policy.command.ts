import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { PolicySource } from '#policies/contract.js';
import type { KeyView } from '../key-view.js';

/** Takes effect for new operations. @throws DomainError KEY_NOT_FOUND */
export class ChangePolicyCommand extends Command<KeyView> {
  constructor(readonly meta: CommandMeta, readonly keyId: string, readonly approvalPolicy: PolicySource) {
    super();
  }
}
