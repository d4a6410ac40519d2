import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { Administration } from '../act/administration.js';
import type { ActOutcome } from '../act/administration.js';
import { PerformActCommand } from './perform-act.command.js';

@CommandHandler(PerformActCommand)
export class PerformActHandler implements ICommandHandler<PerformActCommand> {
  constructor(private readonly administration: Administration) {}

  execute({ meta, caller, act }: PerformActCommand): Promise<ActOutcome> {
    return this.administration.act(meta, caller, act);
  }
}
