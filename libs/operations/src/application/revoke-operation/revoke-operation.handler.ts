import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import { personOf } from '../person.js';
import { STARTED_ORDERS } from '#signing/contract.js';
import type { StartedOrders } from '#signing/contract.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { RevokeOperationCommand } from './revoke-operation.command.js';
import type { RevocationView } from './revoke-operation.command.js';

@CommandHandler(RevokeOperationCommand)
export class RevokeOperationHandler implements ICommandHandler<RevokeOperationCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(STARTED_ORDERS) private readonly inFlight: StartedOrders,
  ) {}

  async execute({ meta, caller, operationId, reason }: RevokeOperationCommand): Promise<RevocationView> {
    const stream = operationStream(operationId);
    const by = personOf(caller);
    const privileged = caller.roles.includes('administrator');
    const { directory } = await this.controlPlane.fresh();
    // What takes power away does not wait behind orders.
    const { folded, position } = await this.operations.execute({ stream, meta, urgent: true, build: (now) => ({ type: 'revoke', by, privileged, reason, directory, now }) });
    const view = answer(folded, directory);
    if (folded.state.open.size === 0) return { ...view, inFlight: [] };
    const at = position ?? (await this.store.readStream(stream, { from: folded.revision, limit: 1 }))[0]?.position;
    return { ...view, inFlight: at === undefined ? [] : await this.inFlight.startedBefore({ operationId }, at) };
  }
}
