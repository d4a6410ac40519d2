export type { SigningEvent } from './domain/sign-order/events.js';

/** The stream of a sign order. */
export const signOrderStream = (signOrderId: string): string => `signOrder-${signOrderId}`;
export const SIGN_ORDER_PREFIX = 'signOrder-';
