import { LruMap } from './lru-map.js';

describe('LruMap', () => {
  it('forgets what was used longest ago', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    map.set('c', 3);
    expect([map.get('a'), map.get('b'), map.get('c'), map.size]).toEqual([1, undefined, 3, 2]);
    map.set('a', 4);
    map.set('d', 5);
    expect([map.get('a'), map.get('c'), map.get('d'), map.size]).toEqual([4, undefined, 5, 2]);
  });

  it('keeps nothing where it may keep nothing, and nothing when all is to be forgotten', () => {
    const [none, some] = [new LruMap<string, number>(0), new LruMap<string, number>(2)];
    none.set('a', 1);
    some.set('a', 1);
    some.clear();
    expect([none.get('a'), none.size, some.get('a'), some.size]).toEqual([undefined, 0, undefined, 0]);
  });

  it('forgets what it is told to', () => {
    const map = new LruMap<string, number>(2);
    map.set('a', 1);
    map.delete('a');
    map.delete('b');
    expect([map.get('a'), map.size]).toEqual([undefined, 0]);
  });
});
