import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';

/** An administrator vouches for the wall clock after a jump (rule 14). */
export class ConfirmClockCommand extends Command<{ readonly confirmedAt: string }> {
  constructor(readonly meta: CommandMeta, readonly comment: string) {
    super();
  }
}
