import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { STREAM_AWAITER } from '#eventing/stream-awaiter.port.js';
import type { StreamAwaiter } from '#eventing/stream-awaiter.port.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Principal } from '#identity/contract.js';
import { operationStream } from '../../streams.js';
import { answer } from '../answer.js';
import { OperationReaders } from '../may-read.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import type { OperationView } from '../operation-view.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { GetOperationQuery } from './get-operation.query.js';

const REVISION_WAIT_MS = 2_000;

/** Answers from the operation's own stream: what was answered before can be read at once, in every process. */
@QueryHandler(GetOperationQuery)
export class GetOperationHandler implements IQueryHandler<GetOperationQuery> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(STREAM_AWAITER) private readonly awaiter: StreamAwaiter,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    private readonly readers: OperationReaders,
  ) {}

  async execute({ caller, operationId, minRevision, untilDecidedMs }: GetOperationQuery): Promise<OperationView> {
    const view = await this.read(caller, operationId);
    if (minRevision !== null && view.revision < minRevision) {
      const reached = await this.awaiter.until(operationStream(operationId), minRevision, REVISION_WAIT_MS, () => true);
      if (reached === undefined) throw new DomainError('REVISION_NOT_REACHED', `revision ${minRevision} was not reached, it is at ${view.revision}`);
      return this.read(caller, operationId);
    }
    if (untilDecidedMs === null || view.state !== 'pending') return view;
    // Expiry makes no event at its time: the wait ends there by the clock.
    const left = Math.max(0, Date.parse(view.expiresAt) - Date.parse(this.clock.now().closing));
    await this.awaiter.until(operationStream(operationId), view.revision + 1, Math.min(untilDecidedMs, left + 1), (e) => DECIDED.has(e.type));
    return this.read(caller, operationId);
  }

  private async read(caller: Principal, operationId: string): Promise<OperationView> {
    const folded = await this.operations.states.refresh(operationStream(operationId));
    const view = answer(folded, this.controlPlane.known().directory, this.clock.now().closing);
    this.readers.admit(folded.state, caller);
    return view;
  }
}

const DECIDED = new Set(['operations.approved.v1', 'operations.rejected.v1', 'operations.revoked.v1', 'operations.expired.v1']);
