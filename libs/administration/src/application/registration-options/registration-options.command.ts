import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { CreationOptions, Principal } from '#identity/contract.js';

/** What a browser takes to make a credential of an authenticator; the answer goes into ProposeCredentialCommand within five minutes. */
export class RegistrationOptionsCommand extends Command<CreationOptions> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal) {
    super();
  }
}
