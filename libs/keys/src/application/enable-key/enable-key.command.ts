import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { KeyView } from '../key-view.js';

/** @throws DomainError KEY_NOT_FOUND */
export class EnableKeyCommand extends Command<KeyView> {
  constructor(readonly meta: CommandMeta, readonly keyId: string, readonly reason: string) {
    super();
  }
}
