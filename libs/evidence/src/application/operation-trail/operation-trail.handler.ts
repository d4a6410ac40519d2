import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { EVENT_STORE } from '#eventing/event-store.port.js';
import type { EventStore } from '#eventing/event-store.port.js';
import type { Page } from '#eventing/page.js';
import { DomainError } from '#kernel/domain-error.js';
import { OPERATION_STATES, OperationReaders } from '#operations/contract.js';
import type { OperationStates } from '#operations/contract.js';
import { operationIdOf } from '../event-facts.js';
import { TRAIL_INDEX } from '../ports/trail-index.port.js';
import type { TrailIndex } from '../ports/trail-index.port.js';
import { readTrail } from '../read-trail.js';
import type { TrailItem } from '../trail-item.js';
import { OperationTrailQuery } from './operation-trail.query.js';

@QueryHandler(OperationTrailQuery)
export class OperationTrailHandler implements IQueryHandler<OperationTrailQuery> {
  constructor(
    @Inject(OPERATION_STATES) private readonly operations: OperationStates,
    @Inject(TRAIL_INDEX) private readonly index: TrailIndex,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    private readonly readers: OperationReaders,
  ) {}

  async execute({ caller, operationId, page }: OperationTrailQuery): Promise<Page<TrailItem>> {
    const { state } = await this.operations.load(operationId);
    if (state.request === null) throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
    this.readers.admit(state, caller);
    const { events, nextCursor } = await this.index.ofOperation(operationId, page);
    const items = await readTrail(this.store, events, (event) => operationIdOf(event) === operationId);
    return { items, ...(nextCursor === undefined ? {} : { nextCursor }) };
  }
}
