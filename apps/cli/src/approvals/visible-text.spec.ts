import fc from 'fast-check';
import { readableStatement } from './readable-statement.js';
import { deceptiveWords, visible } from './visible-text.js';

describe('visible', () => {
  it.each([
    ['plain text, ümläuts, 漢字, עברית and \u{1f680}', 'plain text, ümläuts, 漢字, עברית and \u{1f680}'],
    ['\u001b[2J\u001b[1;1H', '\\u{1b}[2J\\u{1b}[1;1H'],
    ['a\rb\nc\td\be', 'a\\u{d}b\\u{a}c\\u{9}d\\u{8}e'],
    ['\u009b31m', '\\u{9b}31m'],
    ['abc\u202edef\u2066', 'abc\\u{202e}def\\u{2066}'],
    ['zero\u200bwidth\u2060\ufeff\u00ad', 'zero\\u{200b}width\\u{2060}\\u{feff}\\u{ad}'],
    ['a\u00a0b\u3000c\u2003', 'a\\u{a0}b\\u{3000}c\\u{2003}'],
    ['\u2028\u2029', '\\u{2028}\\u{2029}'],
    ['\ud800', '\\u{d800}'],
    ['\u3164\u115f\u034f\ufe0f\u{e0041}\u2800', '\\u{3164}\\u{115f}\\u{34f}\\u{fe0f}\\u{e0041}\\u{2800}'],
    ['\ue000\u{10ffff}', '\\u{e000}\\u{10ffff}'],
    ['a\u20dd', 'a\\u{20dd}'],
  ])('writes %j as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('leaves nothing that moves a cursor, in any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)));
  });
});

describe('deceptiveWords', () => {
  it.each<[string, readonly string[]]>([
    ['release of fw-prod by Jürgen, Ångström, наша прошивка, Ελλάδα, 東京', []],
    ['fw-рrod', ['рrod']],
    ['раyment раyment', ['раyment']],
    ['\uff46\uff57-prod', ['\uff46\uff57']],
    ['\u{1d41f}w', ['\u{1d41f}w']],
    ['ﬁrmware', ['ﬁrmware']],
  ])('of %j are %j', (text, words) => {
    expect(deceptiveWords(text)).toEqual(words);
  });
});

describe('readableStatement', () => {
  const shown = (statement: Record<string, unknown>): string => readableStatement(statement).join('\n');

  it('shows every member, in an order for people', () => {
    expect(shown({ binding: null, other: [], keyUsages: [{ keyId: 'fw-prod', maxUsageCount: 3, policy: { type: 'none' } }], type: 't', description: 'Release 4.2.0 of it', odd: {}, yes: true })).toBe([
      'type: t', 'description: Release 4.2.0 of it', 'keyUsages:', '  1:', '    keyId: fw-prod', '    maxUsageCount: 3', '    policy:', '      type: "none"', 'binding: null', 'other: none', 'odd: {}', 'yes: true',
    ].join('\n'));
  });

  it('lets no text look like a line, a number or nothing', () => {
    expect(shown({ a: 'x\nkeyUsages: none' })).toBe('a:\n  | x\n  | keyUsages: none');
    expect(shown({ a: '7', b: 'null', c: '', d: ' x', e: '"x"', f: 'true', g: '-1.5e3' })).toBe('a: "7"\nb: "null"\nc: ""\nd: " x"\ne: ""x""\nf: "true"\ng: "-1.5e3"');
    expect(shown({ 'a\nb': 1 })).toBe('a\\u{a}b: 1');
    expect(shown({ a: '\u001b[1A\u001b[2Kb: nothing' })).toBe('a: \\u{1b}[1A\\u{1b}[2Kb: nothing');
  });

  it('breaks long lines itself', () => {
    const lines = readableStatement({ a: `${'x'.repeat(100)}\n${'\u202e'.repeat(40)}` });
    expect(lines[1]).toBe(`  | ${'x'.repeat(76)}`);
    expect(lines[2]).toBe(`  + ${'x'.repeat(24)}`);
    expect(lines.slice(3).map((l) => l.slice(0, 4))).toEqual(['  | ', '  + ', '  + ', '  + ', '  + ']);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('warns of words that are not what they look like', () => {
    expect(readableStatement({ a: { 'fw-рrod': 1 }, b: 'fw-рrod' }).filter((l) => l.startsWith('!'))).toEqual(['! not what it looks like: рrod is 0440 0072 006f 0064']);
  });

  it('has every text of any statement in it, and in no other line than its own', () => {
    const value = fc.letrec<{ node: unknown }>((tie) => ({ node: fc.oneof({ maxDepth: 4 }, fc.string({ unit: 'binary' }), fc.integer(), fc.constant(null), fc.array(tie('node'), { maxLength: 3 }), fc.dictionary(fc.string({ unit: 'binary' }), tie('node'), { maxKeys: 3 })) })).node;
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: 'binary', minLength: 1 }), value, { maxKeys: 4 }), (statement) => {
      for (const line of readableStatement(statement)) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    }));
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const lines = readableStatement({ a: text }).filter((l) => !l.startsWith('!'));
      const joined = lines.map((l, i) => (i === 0 ? l.replace(/^a:( |$)/, '') : l.slice(4))).join('');
      const plain = joined.startsWith('"') && joined.endsWith('"') && lines.length === 1 && joined.length > 1 ? joined.slice(1, -1) : joined;
      expect([joined, plain]).toContain(text.split('\n').map(visible).join(''));
    });
    // A quoted text beside a warning.
    fc.assert(property, { examples: [['\t\u{1d400}']] });
  });
});
