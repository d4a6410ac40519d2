/** The stream of a sign order. */
export const signOrderStream = (signOrderId: string): string => `signOrder-${signOrderId}`;
export const SIGN_ORDER_PREFIX = 'signOrder-';
/** What administrators have said of a ledger. */
export const ledgerStream = (ledgerId: string): string => `ledger-${ledgerId}`;
