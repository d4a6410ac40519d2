import { VerifiedTokens } from './verified-tokens.js';

describe('VerifiedTokens', () => {
  it('lets the least recently used token go first', () => {
    const principal = (subject: string) => ({ issuer: 'i', subject, name: null, roles: [], groups: [], claims: {} });
    const tokens = new VerifiedTokens({ wall: () => 0, monotonic: () => 0 }, 2);
    const always = { from: Number.NEGATIVE_INFINITY, until: 1 };
    tokens.keep('a', principal('a'), always);
    tokens.keep('b', principal('b'), always);
    tokens.find('a');
    tokens.keep('c', principal('c'), always);
    expect(['a', 'b', 'c'].map((key) => tokens.find(key)?.subject ?? null)).toEqual(['a', null, 'c']);
  });
});
