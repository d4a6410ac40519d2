import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { ActOutcome } from '../act/administration.js';
import type { ProposedAct } from '../ports/propose-operation.port.js';

/** Changes the control plane, or proposes to. @throws as `Administration.act` */
export class PerformActCommand extends Command<ActOutcome> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly act: ProposedAct) {
    super();
  }
}
