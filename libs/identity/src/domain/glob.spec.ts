import fc from 'fast-check';
import { fitsGlob } from './glob.js';

/** Slow and obvious: the definition. */
const byDefinition = (pattern: string, value: string): boolean => {
  if (pattern === '') return value === '';
  if (pattern.startsWith('*')) return byDefinition(pattern.slice(1), value) || (value !== '' && byDefinition(pattern, value.slice(1)));
  return pattern[0] === value[0] && value !== '' && byDefinition(pattern.slice(1), value.slice(1));
};

describe('fitsGlob', () => {
  it.each([
    ['acme/firmware', 'acme/firmware', true],
    ['acme/firmware', 'acme/firmware2', false],
    ['acme/firmware', 'Acme/firmware', false],
    ['refs/tags/*', 'refs/tags/', true],
    ['refs/tags/*', 'refs/tags/v1/x', true],
    ['refs/tags/*', 'x/refs/tags/v1', false],
    ['*/main', 'refs/heads/main', true],
    ['a*a', 'a', false],
    ['a*b*c', 'aXbXc', true],
    ['a*b*c', 'aXcXb', false],
    ['*', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
    ['[a]+?', '[a]+?', true],
  ])('%s and %s: %s', (pattern, value, expected) => {
    expect(fitsGlob(pattern, value)).toBe(expected);
  });

  it('agrees with the definition', () => {
    const letters = (max: number, ...of: string[]): fc.Arbitrary<string> => fc.array(fc.constantFrom(...of), { maxLength: max }).map((l) => l.join(''));
    fc.assert(fc.property(letters(6, 'a', 'b', '*'), letters(8, 'a', 'b'), (pattern, value) => fitsGlob(pattern, value) === byDefinition(pattern, value)), { numRuns: 3_000 });
  });

  it('does not backtrack', () => {
    const started = performance.now();
    expect(fitsGlob(`${'a*'.repeat(5_000)}b`, 'a'.repeat(16_000))).toBe(false);
    expect(fitsGlob(`${'*a'.repeat(5_000)}*b*`, 'a'.repeat(16_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
