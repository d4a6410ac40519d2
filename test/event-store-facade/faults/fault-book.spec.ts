import { FaultOrderError, parseFaultOrder, parseFaultOrders } from './fault.js';
import type { FaultOrder } from './fault.js';
import { FaultBook } from './fault-book.js';

const drop = (order: Partial<FaultOrder> = {}): FaultOrder => ({ on: 'append', action: { kind: 'drop' }, ...order });
const strikes = (book: FaultBook, ...calls: readonly (readonly [stream: string, ...types: readonly string[]])[]): readonly number[] =>
  calls.map(([stream, ...types]) => book.strike('append', [stream], types).length);

describe('FaultBook', () => {
  it('befalls the first matching call, once, unless told otherwise', () => {
    const book = new FaultBook();
    const id = book.add(drop());
    expect(strikes(book, ['a'], ['a'])).toEqual([1, 0]);
    expect(book.fired(id)).toBe(1);
    expect(book.list()).toEqual([{ ...drop(), id, matched: 2, fired: 1 }]);
  });

  it('chooses by the beginning of the name, the type and the number of the call', () => {
    const book = new FaultBook();
    book.add(drop({ stream: 'key-', type: 'used', nth: 2, times: 2 }));
    expect(strikes(book, ['key-1', 'made', 'used'], ['key-1', 'made'], ['keys', 'used'], ['key-2', 'used'], ['key-3', 'used'], ['key-3', 'used'])).toEqual([0, 0, 0, 1, 1, 0]);
  });

  it('goes on for ever with no number of times', () => {
    const book = new FaultBook();
    book.add(drop({ nth: 2, times: 0 }));
    expect(strikes(book, ['a'], ['a'], ['a'], ['a'])).toEqual([0, 1, 1, 1]);
  });

  it('counts the events of each subscription anew, and how often the fault came true for all', () => {
    const book = new FaultBook();
    book.add({ on: 'event', action: { kind: 'twice' }, nth: 2, times: 2 });
    const subscription = (): readonly number[] => {
      const counts = new Map<string, number>();
      return [1, 2].map(() => book.strikeEvent(counts, 's', 't').length);
    };
    expect([subscription(), subscription(), subscription()]).toEqual([[0, 1], [0, 1], [0, 0]]);
  });

  it('takes back one fault or all', () => {
    const book = new FaultBook();
    const id = book.add(drop());
    book.add(drop({ stream: 'b' }));
    expect(book.remove(id)).toBe(true);
    expect(book.remove(id)).toBe(false);
    expect(strikes(book, ['a'])).toEqual([0]);
    book.unavailableFor(60_000);
    book.clear();
    expect(book.unavailable).toBe(false);
    expect(strikes(book, ['b'])).toEqual([0]);
  });
});

describe('an order', () => {
  it('is taken as it is, one or several', () => {
    const order = { on: 'event', action: { kind: 'drop-subscription', as: 'end' }, stream: 's', type: 't', nth: 3, times: 0 };
    expect(parseFaultOrder(order)).toEqual(order);
    expect(parseFaultOrders(order)).toEqual([order]);
    expect(parseFaultOrders([order, order])).toHaveLength(2);
  });

  it.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['no action', { on: 'append' }],
    ['an unknown action', { on: 'append', action: { kind: 'explode' } }],
    ['an action of a prototype', { on: 'append', action: { kind: 'toString' } }],
    ['an action elsewhere', { on: 'read', action: { kind: 'twice' } }],
    ['a field too many', { on: 'append', action: { kind: 'drop' }, streams: 's' }],
    ['a field of the action too many', { on: 'append', action: { kind: 'drop', ms: 1 } }],
    ['a field of the action missing', { on: 'append', action: { kind: 'delay' } }],
    ['a time before its beginning', { on: 'append', action: { kind: 'delay', ms: -1 } }],
    ['another word', { on: 'append', action: { kind: 'cut', when: 'now' } }],
    ['a call before the first', { on: 'append', action: { kind: 'drop' }, nth: 0 }],
    ['a type of what has none', { on: 'read', action: { kind: 'drop' }, type: 't' }],
    ['a stream that is no text', { on: 'read', action: { kind: 'drop' }, stream: 7 }],
  ])('with %s is refused', (_what, order) => {
    expect(() => parseFaultOrder(order)).toThrow(FaultOrderError);
  });
});
