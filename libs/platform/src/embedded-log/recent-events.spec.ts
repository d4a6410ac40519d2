import { matches, RecentEvents } from './recent-events.js';
import type { WireEvent } from './protocol.js';

const event = (position: number, length = 1): WireEvent => [position, 's', 0, 'i', 't', 'x'.repeat(length), 'm'];
const positions = (recent: RecentEvents, after: number): readonly number[] => [...recent.after(after)].map(([position]) => position);

describe('RecentEvents', () => {
  it('gives the events after a position, its own or one between two', () => {
    const recent = new RecentEvents(10, 1_000, 5);
    recent.push([event(10), event(20), event(30)]);
    expect(recent.floor).toBe(5);
    expect(positions(recent, 5)).toEqual([10, 20, 30]);
    expect(positions(recent, 10)).toEqual([20, 30]);
    expect(positions(recent, 15)).toEqual([20, 30]);
    expect(positions(recent, 30)).toEqual([]);
  });

  it('drops the oldest beyond its number of events, and says from where it is complete', () => {
    const recent = new RecentEvents(100, 1_000_000, 0);
    for (let position = 1; position <= 1_000; position += 1) {
      recent.push([event(position)]);
      expect(recent.floor).toBe(Math.max(position - 100, 0));
      expect(positions(recent, recent.floor)).toEqual(Array.from({ length: Math.min(position, 100) }, (_, index) => recent.floor + 1 + index));
    }
    expect(recent.size).toBe(100);
  });

  it('drops the oldest beyond its bytes, even the only one', () => {
    const recent = new RecentEvents(100, 500, 0);
    recent.push([event(1, 200), event(2, 200), event(3, 200)]);
    expect(positions(recent, recent.floor)).toEqual([2, 3]);
    recent.push([event(4, 600)]);
    expect(recent.size).toBe(0);
    expect(recent.floor).toBe(4);
  });

  it('begins anew at a position', () => {
    const recent = new RecentEvents(100, 500, 0);
    recent.push([event(1), event(2)]);
    recent.reset(7);
    expect(recent.floor).toBe(7);
    expect(positions(recent, 7)).toEqual([]);
    recent.push([event(8)]);
    expect(positions(recent, 7)).toEqual([8]);
  });
});

describe('matches', () => {
  it('is about the beginning of the name', () => {
    expect(matches('key-1', ['operation-', 'key-'])).toBe(true);
    expect(matches('keyPair-1', ['operation-', 'key-'])).toBe(false);
    expect(matches('anything', [])).toBe(true);
  });
});
