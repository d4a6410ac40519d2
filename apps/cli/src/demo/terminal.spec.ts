import { coloursFor, table } from './terminal.js';

describe('colours', () => {
  const red = (isTTY: boolean, env: Readonly<Record<string, string>>): string => coloursFor({ isTTY }, env).red('no');

  it('are there on a terminal alone', () => {
    expect(red(true, {})).toBe('\u001b[31mno\u001b[0m');
    expect(red(false, {})).toBe('no');
  });
  it('are left out where NO_COLOR or a dumb terminal asks for it', () => {
    expect(red(true, { NO_COLOR: '1' })).toBe('no');
    expect(red(true, { TERM: 'dumb' })).toBe('no');
    // An empty NO_COLOR is none.
    expect(red(true, { NO_COLOR: '' })).not.toBe('no');
  });
});

describe('a table', () => {
  it('has columns as wide as they must be', () => {
    expect(table(['a', 'long head', ''], [['wide cell', 'b', 'c'], ['d', 'e', '']])).toEqual(['a          long head', 'wide cell  b          c', 'd          e']);
  });
});
