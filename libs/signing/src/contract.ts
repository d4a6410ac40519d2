export type { SigningEvent } from './domain/sign-order/events.js';
export type { Ledger, LedgerCheckpoint, LedgerEntry, LedgerHead, LedgerIntent, LedgerRefusal, LedgerSigner, ReliedEvent, StoreAcceptance } from './application/ports/ledger.port.js';
export { LedgerIntentExistsError, LedgerNameTakenError, LedgerRefusedError, LedgerUnavailableError } from './application/ports/ledger.port.js';

export { SIGN_ORDER_PREFIX, signOrderStream } from './streams.js';
export { signOrderKind } from './application/sign-order-kind.js';
export type { SignOrderView } from './application/sign-order-view.js';
export { STARTED_ORDERS } from './application/ports/started-orders.port.js';
export type { StartedOrders } from './application/ports/started-orders.port.js';
export { SIGNER_STATUS } from './application/ports/signer-status.port.js';
export type { SignerStatus } from './application/ports/signer-status.port.js';
