import fc from 'fast-check';
import { GrowingSet } from './growing-set.js';

describe('a set that only grows', () => {
  it('is what a set copied at each step would be, whichever of them is gone on from', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ from: fc.nat(), value: fc.nat(8) }), { maxLength: 60 }), (steps) => {
        const made: { readonly grown: GrowingSet<number>; readonly copied: ReadonlySet<number> }[] = [{ grown: GrowingSet.of(), copied: new Set() }];
        for (const { from, value } of steps) {
          const before = made[from % made.length];
          if (before !== undefined) made.push({ grown: before.grown.with(value), copied: new Set(before.copied).add(value) });
        }
        for (const { grown, copied } of made) {
          expect([...grown]).toEqual([...copied]);
          expect(grown.size).toBe(copied.size);
          for (let value = 0; value <= 9; value += 1) expect(grown.has(value)).toBe(copied.has(value));
        }
      }),
    ));

  it('holds what it was made of, each once', () => expect([...GrowingSet.of(['a', 'b', 'a'])]).toEqual(['a', 'b']));
});
