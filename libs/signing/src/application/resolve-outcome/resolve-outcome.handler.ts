import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import type { CommandExecutor } from '#eventing/command-executor.js';
import { signOrderStream } from '../../streams.js';
import type { SigningEvent } from '../../domain/sign-order/events.js';
import type { ResolveOutcome } from '../../domain/sign-order/resolve.js';
import type { SignOrderState } from '../../domain/sign-order/state.js';
import { SignOrders } from '../get-sign-order/sign-orders.js';
import type { SignOrderView } from '../sign-order-view.js';
import { viewSignOrder } from '../view-sign-order.js';
import { ResolveOutcomeCommand } from './resolve-outcome.command.js';

export type ResolutionExecutor = CommandExecutor<ResolveOutcome, SigningEvent, SignOrderState>;
/** Injection token of the process's ResolutionExecutor. */
export const RESOLUTION_EXECUTOR = Symbol('ResolutionExecutor');

@CommandHandler(ResolveOutcomeCommand)
export class ResolveOutcomeHandler implements ICommandHandler<ResolveOutcomeCommand> {
  constructor(@Inject(RESOLUTION_EXECUTOR) private readonly resolutions: ResolutionExecutor, private readonly orders: SignOrders) {}

  async execute({ meta, caller, operationId, signOrderId, finding, comment }: ResolveOutcomeCommand): Promise<{ readonly order: SignOrderView; readonly resolved: boolean }> {
    const { view } = await this.orders.find(operationId, signOrderId);
    const by = { issuer: caller.issuer, subject: caller.subject };
    const { folded } = await this.resolutions.execute({ stream: signOrderStream(signOrderId), meta, build: () => ({ by, name: caller.name, finding, comment }) });
    return { order: viewSignOrder(folded.state) ?? view, resolved: folded.state.resolved };
  }
}
