import { derivedId, eventIdOf, randomId } from './ids.js';

const UUID_V5 = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('ids', () => {
  it('rule 3: the same parts give the same id, in every release', () => {
    expect(derivedId('https://idp', 'ada', 'POST', '/v1/operations', 'key-1')).toBe(derivedId('https://idp', 'ada', 'POST', '/v1/operations', 'key-1'));
    expect(derivedId('sign-order', 'c')).toBe('83496c3a-16b6-51a2-94d8-1b58e852178a');
    expect(derivedId('a', 'b')).toMatch(UUID_V5);
  });

  it('parts do not run into each other', () => {
    const all = [derivedId('a', 'bc'), derivedId('ab', 'c'), derivedId('abc'), derivedId('a', 'b', 'c'), derivedId('a","bc'), derivedId('a', 'bc', null), derivedId('a', 'bc', ''), derivedId('a', 'bc', 0), derivedId('a', 'bc', '0')];
    expect(new Set(all).size).toBe(all.length);
  });

  it('rule 3: ids of events differ by command, index and attempt', () => {
    const [c, d, one, two] = [randomId(), randomId(), randomId(), randomId()];
    expect(eventIdOf(c, 0, one)).toBe(eventIdOf(c, 0, one));
    expect(eventIdOf(c, 0, one)).toMatch(UUID_V5);
    const all = [eventIdOf(c, 0, one), eventIdOf(c, 1, one), eventIdOf(c, 0, two), eventIdOf(d, 0, one)];
    expect(new Set(all).size).toBe(4);
  });
});
