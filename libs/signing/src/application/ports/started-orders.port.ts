import type { Position } from '#eventing/event-store.port.js';

/** Which sign orders had started before a position and had no end then: they may still sign (rule 6). */
export interface StartedOrders {
  /** Of one operation, or of one key. Waits up to 2 s for the read model to have the position. @throws StoreUnavailableError when it lags longer */
  startedBefore(filter: { readonly operationId?: string; readonly keyId?: string }, position: Position): Promise<readonly string[]>;
}
/** Injection token of the process's StartedOrders. */
export const STARTED_ORDERS = Symbol('StartedOrders');
