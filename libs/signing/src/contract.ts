export type { SigningEvent } from './domain/sign-order/events.js';
export type { Ledger, LedgerCheckpoint, LedgerEntry, LedgerIntent, LedgerRefusal, LedgerSigner } from './application/ports/ledger.port.js';
export { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError } from './application/ports/ledger.port.js';

/** The stream of a sign order. */
export const signOrderStream = (signOrderId: string): string => `signOrder-${signOrderId}`;
export const SIGN_ORDER_PREFIX = 'signOrder-';
export { signOrderKind } from './application/sign-order-kind.js';
export { viewReserved, viewSignOrder } from './application/view-sign-order.js';
export type { SignOrderView, SignOrderViewState } from './application/sign-order-view.js';
export type { SignOrderState } from './domain/sign-order/state.js';
