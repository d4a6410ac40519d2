import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { PolicySource } from '#policies/contract.js';
import type { Algorithm } from '../../domain/key/algorithm.js';
import type { Purpose, Requesters } from '../../domain/key/events.js';
import type { KeyView } from '../key-view.js';

export interface KeyRegistration {
  readonly keyId: string;
  readonly purpose: Purpose;
  readonly algorithm: Algorithm;
  readonly modulusBits: number | null;
  readonly approvalPolicy: PolicySource;
  readonly description: string | null;
  readonly requesters: Requesters | null;
  readonly adopt: { readonly label: string | null; readonly idHex: string | null } | null;
}

/**
 * The view is `creating` when the signer takes longer than 10 s.
 * @throws DomainError KEY_EXISTS, ALGORITHM_UNSUPPORTED, PKCS11_KEY_NOT_FOUND, VALIDATION_FAILED, HSM_UNAVAILABLE, IDEMPOTENCY_KEY_REUSED
 */
export class RegisterKeyCommand extends Command<KeyView> {
  constructor(readonly meta: CommandMeta, readonly registration: KeyRegistration) {
    super();
  }
}
