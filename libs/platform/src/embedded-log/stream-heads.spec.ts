import { StreamHeads } from './stream-heads.js';

describe('StreamHeads', () => {
  it('keeps the streams written last, up to its capacity', () => {
    const heads = new StreamHeads(2);
    heads.set('a', 0);
    heads.set('b', 0);
    heads.set('a', 1);
    heads.set('c', 5);
    expect(heads.get('a')).toBe(1);
    expect(heads.get('b')).toBeUndefined();
    expect(heads.get('c')).toBe(5);
    expect(heads.size).toBe(2);
  });

  it('forgets everything at once', () => {
    const heads = new StreamHeads(2);
    heads.set('a', 0);
    heads.forget();
    expect(heads.get('a')).toBeUndefined();
    expect(heads.size).toBe(0);
  });
});
