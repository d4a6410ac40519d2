import type { Service } from '#test/system/service.js';
import { eventually, isFinal, operationOf, ordersOf, trailOf } from '#test/system/steps.js';
import type { Operation, SignOrder } from '#test/system/steps.js';

export interface Accounts {
  readonly orders: readonly SignOrder[];
  /** Uses that the operation shows as used, once all orders are final and booked. */
  readonly spent: number;
  readonly granted: number;
  /** Ends by state. */
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Waits until every order of an operation has its end and is booked. What is shown then must agree: with the events, and within itself.
 * @throws Error when an order stays without an end, or something does not agree
 */
export async function accountsOf(service: Service, operation: Operation, withinMs = 30_000): Promise<Accounts> {
  const used = ({ keyUsages }: Operation): number => keyUsages.reduce((sum, { usedCount }) => sum + usedCount, 0);
  const look = async (): Promise<{ readonly now: Operation; readonly orders: readonly SignOrder[]; readonly consumed: number }> => {
    const now = await operationOf(service, operation);
    const orders = await ordersOf(service, operation);
    return { now, orders, consumed: orders.reduce((sum, { usesConsumed = 0 }) => sum + usesConsumed, 0) };
  };
  // Lists follow within a second: what is read at one moment need not agree yet.
  const { now, orders, consumed } = await eventually(look, (seen) => seen.orders.every(isFinal) && used(seen.now) === seen.consumed, withinMs);
  const granted = now.keyUsages.reduce((sum, { maxUsageCount }) => sum + maxUsageCount, 0);
  const trail = await trailOf(service, operation);
  const reserved = trail.filter(({ type }) => type === 'operations.uses-reserved.v1');
  if (reserved.length !== orders.length) throw new Error(`${reserved.length} reservations, ${orders.length} orders`);
  const started = new Set(trail.filter(({ type }) => type === 'signing.started.v1').map(({ stream }) => stream));
  const counts: Record<string, number> = {};
  for (const { state, signOrderId, signatures = [] } of orders) {
    counts[state] = (counts[state] ?? 0) + 1;
    if ((state === 'outcome-unknown' || state === 'completed') && !started.has(`signOrder-${signOrderId}`)) throw new Error(`${signOrderId} is ${state} and was never started`);
    if (state === 'completed' && signatures.includes(null)) throw new Error(`${signOrderId} is completed and lacks a signature`);
  }
  return { orders, spent: consumed, granted, counts };
}
