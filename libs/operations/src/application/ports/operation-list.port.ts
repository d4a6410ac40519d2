import type { Page, PageRequest } from '#eventing/page.js';
import type { Actor } from '#kernel/actor.js';
import type { Directory } from '#identity/contract.js';
import type { Instant } from '#kernel/clock.js';
import type { OperationView, OperationViewState } from '../operation-view.js';

/** All that is not null must hold. */
export interface OperationListFilter {
  readonly state: OperationViewState | null;
  readonly keyId: string | null;
  readonly requestedBy: Actor | null;
  /** Who has a decision on it that stands. */
  readonly decidedBy: Actor | null;
}

/** The operations of the read model. */
export interface OperationList {
  /** Newest first, as they stand at `now`. @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError */
  list(filter: OperationListFilter, page: PageRequest, now: Instant, directory: Directory): Promise<Page<OperationView>>;
}
/** Injection token of the process's OperationList. */
export const OPERATION_LIST = Symbol('OperationList');
