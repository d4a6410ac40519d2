import type { Page, PageRequest } from '#eventing/page.js';
import type { SignOrderView } from '../sign-order-view.js';

/** The sign orders of the read model. */
export interface SignOrderList {
  /** Newest first. @throws DomainError VALIDATION_FAILED (cursor), StoreUnavailableError */
  ofOperation(operationId: string, page: PageRequest): Promise<Page<SignOrderView>>;
}
/** Injection token of the process's SignOrderList. */
export const SIGN_ORDER_LIST = Symbol('SignOrderList');
