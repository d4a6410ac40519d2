import type { RecordedEvent } from '#eventing/event-store.port.js';
import { OpenOrders } from './open-orders.js';

const recorded = (position: bigint, input: unknown): RecordedEvent => ({
  id: `event ${position}`, stream: 'operation-1', revision: Number(position), position, type: 'operations.uses-reserved.v1',
  data: { operationId: '1', signOrderId: `order ${position}`, keyId: 'k', count: 1, input },
  metadata: { commandId: 'c', actor: { issuer: 'i', subject: 's' }, at: '2026-11-20T12:00:00.000Z' },
});

const ended = (position: bigint, signOrderId: string): RecordedEvent => ({ ...recorded(position, {}), stream: `signOrder-${signOrderId}`, type: 'signing.failed.v1' });

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

  it('rule 1: a second reservation of an order that is under way is none', () => {
    const orders = new OpenOrders(() => 0);
    const first = recorded(1n, { digests: ['MQ=='] });
    const tracked = orders.offer(first);
    orders.offer({ ...ended(2n, 'order 1'), type: 'signing.started.v1', data: { ...(first.data as object), signer: 's', incarnation: 'i', attempt: 'a' } });
    const again = recorded(3n, { digests: ['Mg=='] });
    expect(orders.offer({ ...again, data: { ...(again.data as object), signOrderId: 'order 1' } })).toBeUndefined();
    expect(orders.get('order 1')).toBe(tracked);
    expect(tracked).toMatchObject({ order: { reservation: 'event 1' }, lock: { attempt: 'a' } });
    orders.offer(ended(4n, 'order 1'));
    expect([orders.size, orders.finishedUpTo()?.id]).toEqual([0, 'event 4']);
  });

  it('keeps what is to be signed up to a bound, then nothing until all that is not kept has its end', () => {
    const kilobyte = { digests: Array.from({ length: 4 }, () => Buffer.alloc(32).toString('base64')) };
    const orders = new OpenOrders(() => 0, 3_000);
    const kept = () => orders.all().map(({ order, whole }) => [order.signOrderId, whole !== undefined]);
    for (const n of [1n, 2n, 3n, 4n]) orders.offer(recorded(n, kilobyte));
    expect(kept()).toEqual([['order 1', true], ['order 2', true], ['order 3', false], ['order 4', false]]);
    expect(orders.all()[2]?.order).toMatchObject({ signOrderId: 'order 3', reservation: 'event 3', revision: 3, position: 3n });
    orders.offer(ended(5n, 'order 1'));
    orders.offer(recorded(6n, kilobyte));
    expect(kept().at(-1)).toEqual(['order 6', false]);
    for (const [i, order] of ['order 3', 'order 4', 'order 6', 'order 6'].entries()) orders.offer(ended(7n + BigInt(i), order));
    for (const n of [11n, 12n]) orders.offer(recorded(n, kilobyte));
    expect(kept()).toEqual([['order 2', true], ['order 11', true], ['order 12', false]]);
  });

  it('an order that is larger than the bound is not kept, and taken all the same', () => {
    const orders = new OpenOrders(() => 0, 100);
    expect(orders.offer(recorded(1n, { digests: ['MQ=='] }))).toMatchObject({ order: { signOrderId: 'order 1' }, whole: undefined });
  });
});
