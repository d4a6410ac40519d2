/** The stream of a sign order. */
export const signOrderStream = (signOrderId: string): string => `signOrder-${signOrderId}`;
export const SIGN_ORDER_PREFIX = 'signOrder-';
