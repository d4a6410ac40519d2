import type { Position } from '#eventing/event-store.port.js';
import type { PageRequest } from '#eventing/page.js';
import type { AuditFilter } from '../audit-trail/audit-trail.query.js';

/** Where an event is. What it says is read from the event store, never from the index. */
export interface IndexedEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
}
export interface IndexPage {
  readonly events: readonly IndexedEvent[];
  readonly nextCursor?: string;
}

/** Which events answer a question. */
export interface TrailIndex {
  /** Of an operation and its sign orders, oldest first. @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError */
  ofOperation(operationId: string, page: PageRequest): Promise<IndexPage>;
  /** Newest first. `from` and `to` in UTC with milliseconds. @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError */
  all(filter: AuditFilter, page: PageRequest): Promise<IndexPage>;
}
/** Injection token of the process's TrailIndex. */
export const TRAIL_INDEX = Symbol('TrailIndex');
