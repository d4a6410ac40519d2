import fc from 'fast-check';
import type { TrustedIssuer } from '../contract.js';
import { claimAt, shownValue, wordsOf, type Claims } from './claims.js';
import { principalOf } from './principal-of.js';

const ISSUER: TrustedIssuer = {
  issuer: 'https://idp.example', audience: 'countersign', jwksUri: null, rolesClaim: 'roles', groupsClaim: 'groups', nameClaim: 'name', displayClaims: [], rules: [],
};
const of = (claims: Claims, more: Partial<TrustedIssuer> = {}): ReturnType<typeof principalOf> => principalOf({ ...ISSUER, ...more }, 'sub', claims);

describe('claimAt', () => {
  it('tries a path literally first, then by dots', () => {
    expect(claimAt({ 'a.b': 1, a: { b: 2 } }, 'a.b')).toBe(1);
    expect(claimAt({ a: { b: 2 } }, 'a.b')).toBe(2);
    expect(claimAt({ 'https://acme.example/roles': ['x'] }, 'https://acme.example/roles')).toEqual(['x']);
    expect(claimAt({ a: [{ b: 1 }] }, 'a.0.b')).toBeUndefined();
    expect(claimAt({ a: null }, 'a.b')).toBeUndefined();
  });

  it('sees own members only', () => {
    for (const path of ['toString', '__proto__', 'constructor.name', 'a.__proto__']) expect(claimAt({ a: {} }, path)).toBeUndefined();
    expect(claimAt(JSON.parse('{"__proto__": {"b": 1}}') as Claims, '__proto__.b')).toBe(1);
  });

  it('finds every path of any claims that holds no dot in a name', () => {
    const tree = fc.letrec<{ node: unknown }>((tie) => ({ node: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), tie('node'))) })).node;
    fc.assert(fc.property(fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), tree), (claims) => {
      const visit = (value: unknown, path: readonly string[]): void => {
        if (path.length > 0) expect(claimAt(claims, path.join('.'))).toBe(value);
        if (typeof value === 'object' && value !== null) for (const [key, below] of Object.entries(value)) visit(below, [...path, key]);
      };
      visit(claims, []);
    }));
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (claims, path) => {
      claimAt(claims, path);
    }));
  });
});

describe('wordsOf', () => {
  it.each([
    [['a', 'b c', 'a', '', 1, null, ['x']], ['a', 'b c']],
    [' orderer  approver\torderer', ['orderer', 'approver']],
    ['', []],
    [7, []],
    [{ 0: 'a' }, []],
    [undefined, []],
  ])('%j gives %j', (value, words) => {
    expect(wordsOf(value)).toEqual(words);
  });
});

describe('principalOf', () => {
  it('keeps known roles only, from a list or words, wherever they lie', () => {
    expect(of({ roles: ['auditor', 'root', 'orderer', 'ORDERER'] }).roles).toEqual(['orderer', 'auditor']);
    expect(of({ roles: 'approver offline_access' }).roles).toEqual(['approver']);
    expect(of({ realm_access: { roles: ['administrator'] } }, { rolesClaim: 'realm_access.roles' }).roles).toEqual(['administrator']);
    expect(of({ roles: { orderer: true } }).roles).toEqual([]);
  });

  it('takes groups, name and the claims to show, and no others', () => {
    const claims = { groups: ['a', 'b'], name: 'Ana', repository: 'acme/fw', secret: 's', nested: { x: [1, null] } };
    const principal = of(claims, { displayClaims: ['repository', 'nested.x', 'absent'] });
    expect(principal).toEqual({ issuer: ISSUER.issuer, subject: 'sub', name: 'Ana', roles: [], groups: ['a', 'b'], claims: { repository: 'acme/fw', 'nested.x': [1, null] } });
    expect(of({ name: 42 }).name).toBeNull();
    expect(of({ name: 'n'.repeat(300) }).name).toHaveLength(255);
  });

  it('shows no text that looks like another one, or has no UTF-8', () => {
    expect(of({ name: 'a\u202eb\u0000c\ud800' }).name).toBe('a\ufffdb\ufffdc\ufffd');
    expect(of({ x: { k: ['\udfff'] } }, { displayClaims: ['x'] }).claims).toEqual({ x: { k: ['\ufffd'] } });
    expect(of({ name: 'Zoë 王 😀' }).name).toBe('Zoë 王 😀');
    expect(shownValue(JSON.parse('[1e999]'))).toEqual([null]);
  });

  it('is frozen through and through', () => {
    const principal = of({ x: { y: [] }, groups: ['a'] }, { displayClaims: ['x'] });
    for (const part of [principal, principal.roles, principal.groups, principal.claims, principal.claims['x'], (principal.claims['x'] as { y: unknown }).y]) expect(Object.isFrozen(part)).toBe(true);
  });

  const rules: TrustedIssuer['rules'] = [
    { match: { repository: 'acme/firmware', ref: 'refs/tags/*' }, roles: ['orderer'] },
    { match: { 'ci.protected': 'true' }, roles: ['auditor'] },
  ];
  it.each<[string, Claims, readonly string[]]>([
    ['all of a rule', { repository: 'acme/firmware', ref: 'refs/tags/v1' }, ['orderer']],
    ['half of a rule', { repository: 'acme/firmware', ref: 'refs/heads/main' }, []],
    ['an absent claim', { repository: 'acme/firmware' }, []],
    ['any element of a list', { repository: ['x', 'acme/firmware'], ref: ['refs/tags/v1'] }, ['orderer']],
    ['a truth value as text, by path', { ci: { protected: true } }, ['auditor']],
    ['an object', { repository: {}, ref: 'refs/tags/v1' }, []],
    ['both rules and the claim', { repository: 'acme/firmware', ref: 'refs/tags/', ci: { protected: 'true' }, roles: 'approver' }, ['orderer', 'approver', 'auditor']],
  ])('adds roles by rules: %s', (_name, claims, roles) => {
    expect(of(claims, { rules }).roles).toEqual(roles);
  });

  it('matches no absent claim and no empty rule', () => {
    expect(of({}, { rules: [{ match: { a: '*' }, roles: ['orderer'] }, { match: {}, roles: ['auditor'] }] }).roles).toEqual([]);
  });
});
