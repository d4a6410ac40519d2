import { Inject } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { DEPLOYMENT } from '#eventing/deployment.js';
import { derivedId } from '#eventing/ids.js';
import { principalView } from '#identity/contract.js';
import { operationStream } from '../../streams.js';
import type { AdministrativeGrant, Requested } from '../../domain/operation/events.js';
import type { Now } from '../../domain/operation/use.js';
import { answer } from '../answer.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { policiesDigest } from '../policy-digest.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { requestStatement } from '../request-statement.js';
import { ProposeOperationCommand } from './propose-operation.command.js';

@CommandHandler(ProposeOperationCommand)
export class ProposeOperationHandler implements ICommandHandler<ProposeOperationCommand> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(DEPLOYMENT) private readonly deployment: string,
  ) {}

  async execute(command: ProposeOperationCommand): Promise<OperationView> {
    const { meta } = command;
    const operationId = derivedId('operation', meta.commandId);
    const { directory } = await this.controlPlane.fresh();
    const executed = await this.operations.execute({ stream: operationStream(operationId), meta, build: (now) => ({ type: 'request', request: this.stated(operationId, command, now), directory, now }) });
    return answer(executed.folded, directory);
  }

  private stated(operationId: string, { caller, proposal }: ProposeOperationCommand, now: Now): Requested['data'] {
    const { action, resource, policy, act, excluding, description, validMs } = proposal;
    const grants: readonly AdministrativeGrant[] = [{ action, resource, policy, act, excluding }];
    const expiresAt = new Date(Date.parse(now.closing) + validMs).toISOString();
    const asked = { operationId, requestedAt: now.closing, notBefore: now.closing, expiresAt, description, approverContext: null, binding: null, keyUsages: [], grants };
    const { statement, digest } = requestStatement({ ...asked, deployment: this.deployment, requestedBy: principalView(caller), emergency: null });
    return {
      ...asked, requestDigest: digest, policyDigest: policiesDigest([], grants), requestedBy: { issuer: caller.issuer, subject: caller.subject },
      personal: { name: caller.name, claims: caller.claims, statement },
    };
  }
}
