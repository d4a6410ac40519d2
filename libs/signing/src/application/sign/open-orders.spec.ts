import type { RecordedEvent } from '#eventing/event-store.port.js';
import { OpenOrders } from './open-orders.js';

const recorded = (position: bigint, input: unknown): RecordedEvent => ({
  id: `event ${position}`, stream: 'operation-1', revision: Number(position), position, type: 'operations.uses-reserved.v1',
  data: { operationId: '1', signOrderId: `order ${position}`, keyId: 'k', count: 1, input },
  metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});

describe('open orders', () => {
  it('rule 12: what could not be read comes again and is not passed over', () => {
    const orders = new OpenOrders(() => 0);
    const first = recorded(1n, { digests: ['MQ=='] });
    const unreadable = recorded(2n, { somethingNew: true });
    orders.offer(first);
    expect(() => orders.offer(unreadable)).toThrow();
    expect(() => orders.offer(unreadable)).toThrow();
    expect(orders.size).toBe(1);
  });

  it('changes nothing when an event comes again', () => {
    const orders = new OpenOrders(() => 0);
    const event = recorded(1n, { digests: ['MQ=='] });
    expect(orders.offer(event)).toBeDefined();
    expect(orders.offer(event)).toBeUndefined();
    expect(orders.size).toBe(1);
  });
});
