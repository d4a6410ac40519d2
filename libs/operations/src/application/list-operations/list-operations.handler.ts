import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import type { Page } from '#eventing/page.js';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { seesAll } from '../may-read.js';
import type { OperationView } from '../operation-view.js';
import { OPERATION_LIST } from '../ports/operation-list.port.js';
import type { OperationList } from '../ports/operation-list.port.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { ListOperationsQuery } from './list-operations.query.js';

@QueryHandler(ListOperationsQuery)
export class ListOperationsHandler implements IQueryHandler<ListOperationsQuery> {
  constructor(
    @Inject(OPERATION_LIST) private readonly operations: OperationList,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
  ) {}

  execute({ caller, filter, page }: ListOperationsQuery): Promise<Page<OperationView>> {
    const { state, keyId, requestedByMe, decidedByMe } = filter;
    const requestedBy = requestedByMe || !seesAll(caller) ? caller : null;
    return this.operations.list({ state, keyId, requestedBy, decidedBy: decidedByMe ? caller : null }, page, this.clock.now().closing, this.controlPlane.known().directory);
  }
}
