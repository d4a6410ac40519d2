import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { KeyView } from '../key-view.js';

/** `inFlight`: orders that had started before it and had no end then; they may still sign. @throws DomainError KEY_NOT_FOUND */
export class DisableKeyCommand extends Command<KeyView & { readonly inFlight: readonly string[] }> {
  constructor(readonly meta: CommandMeta, readonly keyId: string, readonly reason: string) {
    super();
  }
}
