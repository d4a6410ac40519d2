import { NOBODY_KNOWN } from '#identity/contract.js';
import type { OperationEvent } from './events.js';
import { MAX_OPEN_RESERVATIONS } from './state.js';
import { useRefusal } from './use.js';
import {
  ADMINISTRATOR, approval, approved, approvers, exhausted, expired, fold, given, key, NONE, nowAt, ONE, ORDERER, person, refusal, rejected, rejection, requested, reservation, reserve, returned, revocation, settled, TWO, withdrawal,
} from './testing/given-operation.js';

const dev = key('fw-dev', NONE);
const prod = key('fw-prod', approvers(2));
const free = [requested([dev]), approved] as const;
const both = [requested([dev, prod]), approval(ONE), approval(TWO), approved] as const;

describe('reservation', () => {
  it('carries all that a signer needs', () => given(...both).when(reserve('o', { keyId: 'fw-prod', count: 2 })).then(reservation('o', 'fw-prod', 2)));
  it('takes of its own key alone', () => {
    const state = fold(...both, reservation('o', 'fw-prod', 3));
    expect(state.grants.map((g) => [g.reserved, g.spent])).toEqual([[0, 0], [3, 0]]);
    expect([...state.open]).toEqual([['o', { keyId: 'fw-prod', count: 3, bodyDigest: 'body of o' }]]);
    given(...both, reservation('o', 'fw-prod', 3)).when(reserve('p', { count: 3 })).then(reservation('p', 'fw-dev', 3));
  });
  it('is all or none of an order, and never one more than granted', () => {
    given(...free).when(reserve('o', { count: 3 })).then(reservation('o', 'fw-dev', 3));
    given(...free).when(reserve('o', { count: 4 })).refuses('USAGE_EXHAUSTED');
    given(...free, reservation('o', 'fw-dev', 2)).when(reserve('p', { count: 2 })).refuses('USAGE_EXHAUSTED');
    given(...free, reservation('o', 'fw-dev', 2)).when(reserve('p')).then(reservation('p'));
    given(...free, reservation('o', 'fw-dev', 2), settled(['o', 2])).when(reserve('p', { count: 2 })).refuses('USAGE_EXHAUSTED');
    given(...free, reservation('o', 'fw-dev', 3)).when(reserve('p')).refuses('USAGE_EXHAUSTED');
  });
  it.each([0, -1, 0.5, 1.5, NaN, Infinity, 2 ** 53])('of %p uses is refused', (count) => {
    given(requested([key('fw-dev', NONE, 1_000_000)]), approved).when(reserve('o', { count, digests: [] })).refuses('USAGE_EXHAUSTED');
  });
  it('has one digest a use', () => {
    for (const digests of [[], ['d'], ['d', 'd', 'd']]) expect(() => refusal(fold(...free), reserve('o', { count: 2, digests }))).toThrow(TypeError);
  });
  it('of a million uses in many orders never overflows', () => {
    const million = [requested([key('fw-dev', NONE, 1_000_000), key('b', NONE, 1_000_000)]), approved] as const;
    const orders = Array.from({ length: 1_000 }, (_, i) => [reservation(`o${i}`, 'fw-dev', 1_000), settled([`o${i}`, 1_000])]).flat();
    expect(fold(...million, ...orders).grants.map((g) => [g.reserved, g.spent])).toEqual([[0, 1_000_000], [0, 0]]);
    given(...million, ...orders.slice(0, -2)).when(reserve('last', { count: 1_001 })).refuses('USAGE_EXHAUSTED');
    given(...million, ...orders.slice(0, -2)).when(reserve('last', { count: 1_000 })).then(reservation('last', 'fw-dev', 1_000));
    given(...million, ...orders).when(reserve('last')).refuses('USAGE_EXHAUSTED');
  });

  it('rule 4: an order is reserved once', () => {
    given(...free, reservation('o', 'fw-dev', 2)).when(reserve('o', { count: 1 })).then();
    given(...free, reservation('o', 'fw-dev', 3)).when(reserve('o', { count: 3 })).then();
    given(...free, reservation('o'), revocation(ONE)).when(reserve('o')).then();
  });
  it(`rule 4: at most ${MAX_OPEN_RESERVATIONS} are open`, () => {
    const many = [requested([key('fw-dev', NONE, 1_000_000)]), approved, ...Array.from({ length: MAX_OPEN_RESERVATIONS }, (_, i) => reservation(`o${i}`))];
    given(...many.slice(0, -1)).when(reserve('p')).then(reservation('p'));
    given(...many).when(reserve('p')).refuses('RATE_LIMITED');
    given(...many, settled(['o0', 1])).when(reserve('p')).then(reservation('p'));
    given(...many, returned(['o0', 1])).when(reserve('p')).then(reservation('p'));
    expect(fold(...many).open.size).toBe(MAX_OPEN_RESERVATIONS);
  });
});

describe('what is not covered', () => {
  it('is anybody\'s but the orderer\'s, by identity', () => {
    for (const by of [ONE, ADMINISTRATOR, { ...ORDERER, issuer: 'https://other' }]) given(...free).when(reserve('o', { by })).refuses('NOT_YOUR_OPERATION');
    given(...free).when(reserve('o', { by: person('orderer1', { roles: [], groups: [] }) })).then(reservation('o'));
  });
  it('is a key before all keys have their approvals', () => {
    given(requested([dev, prod])).when(reserve('o')).refuses('OPERATION_NOT_APPROVED');
    given(requested([dev, prod]), approval(ONE)).when(reserve('o')).refuses('OPERATION_NOT_APPROVED');
    given(...both, withdrawal(TWO)).when(reserve('o')).refuses('OPERATION_NOT_APPROVED');
  });
  it('is a key whose approvals do not meet the policy, even where an event says so', () => {
    given(requested([dev, prod]), approved).when(reserve('o')).refuses('OPERATION_NOT_APPROVED');
    given(requested([dev, prod]), approval(ONE), approval(ONE), approved).when(reserve('o')).refuses('OPERATION_NOT_APPROVED');
    given(requested([dev, prod]), approval(ONE), approval(person('orderer1')), approved).when(reserve('o', { keyId: 'fw-prod' })).refuses('OPERATION_NOT_APPROVED');
  });
  it.each([
    ['OPERATION_REJECTED', [requested([dev, prod]), rejection(ONE), rejected]],
    ['OPERATION_REVOKED', [...free, revocation(ADMINISTRATOR)]],
    ['OPERATION_EXPIRED', [...free, expired]],
    ['USAGE_EXHAUSTED', [...free, reservation('x', 'fw-dev', 3), settled(['x', 3]), exhausted]],
  ] as const)('is a final operation: %s', (code, events) => given(...events).when(reserve('o')).refuses(code));
  it('is a time outside the window, which opens with the wall clock and closes with the time that never goes back', () => {
    given(...free).when(reserve('o', { now: nowAt('12:09:59.999') })).refuses('OPERATION_NOT_YET_VALID');
    given(...free).when(reserve('o', { now: nowAt('12:10') })).then(reservation('o'));
    given(...free).when(reserve('o', { now: nowAt('12:59:59.999') })).then(reservation('o'));
    given(...free).when(reserve('o', { now: nowAt('13:00') })).refuses('OPERATION_EXPIRED');
    given(...free).when(reserve('o', { now: nowAt('12:20', '12:09:59.999') })).refuses('OPERATION_NOT_YET_VALID');
    given(...free).when(reserve('o', { now: nowAt('13:00', '12:20') })).refuses('OPERATION_EXPIRED');
  });
  it('is a key that it does not name', () => given(...free).when(reserve('o', { keyId: 'fw-prod' })).refuses('KEY_UNKNOWN'));
  it('is a key that is disabled', () => given(...free).when(reserve('o', { keyEnabled: false })).refuses('KEY_DISABLED'));
  it('is a digest that it is not bound to', () => {
    const bound = [requested([dev, key('b', NONE)], { binding: { digests: ['d1', 'd2'] } }), approved] as const;
    given(...bound).when(reserve('o', { count: 2, digests: ['d1', 'd3'] })).refuses('DIGEST_NOT_BOUND');
    given(...bound).when(reserve('o', { count: 1, digests: ['d1 '] })).refuses('DIGEST_NOT_BOUND');
    for (const [keyId, digests] of [['fw-dev', ['d1', 'd2']], ['b', ['d2', 'd2', 'd2']]] as const) expect(refusal(fold(...bound), reserve('o', { keyId, count: digests.length, digests }))).toBeUndefined();
    given(requested([dev], { binding: { digests: [] } }), approved).when(reserve('o')).refuses('DIGEST_NOT_BOUND');
  });
  it('is what no HSM can sign now', () => given(...free).when(reserve('o', { unavailable: 'no signer' })).refuses('HSM_UNAVAILABLE'));
});

describe('the order of refusals: whose it is, state, window, key, binding, what is left, then whether anything can sign', () => {
  const bad = { by: ONE, keyId: 'none', keyEnabled: false, count: 9, digests: ['x'], unavailable: 'down', now: nowAt('12:05') };
  const bound = [requested([dev], { binding: { digests: ['d'] } }), approved] as const;
  const pending = requested([key('fw-dev', approvers(1))], { binding: { digests: ['d'] } });
  it.each([
    ['NOT_YOUR_OPERATION', [pending], bad],
    ['OPERATION_NOT_APPROVED', [pending], { ...bad, by: ORDERER }],
    ['OPERATION_REVOKED', [...bound, revocation(ONE)], { ...bad, by: ORDERER }],
    ['OPERATION_EXPIRED', [...bound], { ...bad, by: ORDERER, now: nowAt('13:00', '12:05') }],
    ['OPERATION_NOT_YET_VALID', [...bound], { ...bad, by: ORDERER }],
    ['KEY_UNKNOWN', [...bound], { ...bad, by: ORDERER, now: nowAt('12:30') }],
    ['KEY_DISABLED', [...bound], { ...bad, by: ORDERER, now: nowAt('12:30'), keyId: 'fw-dev' }],
    ['DIGEST_NOT_BOUND', [...bound], { ...bad, by: ORDERER, now: nowAt('12:30'), keyId: 'fw-dev', keyEnabled: true }],
    ['USAGE_EXHAUSTED', [...bound], { ...bad, by: ORDERER, now: nowAt('12:30'), keyId: 'fw-dev', keyEnabled: true, digests: Array<string>(9).fill('d') }],
    ['HSM_UNAVAILABLE', [...bound], { ...bad, by: ORDERER, now: nowAt('12:30'), keyId: 'fw-dev', keyEnabled: true, count: 3, digests: ['d', 'd', 'd'] }],
  ] as const)('%s', (code, events, command) => given(...events).when(reserve('o', command)).refuses(code));
});

describe('rule 6: the recheck before C_Sign', () => {
  const use = { keyId: 'fw-dev', count: 3, digests: ['d', 'd', 'd'], keyEnabled: true, inForce: null };
  const recheck = (...events: readonly OperationEvent[]) => useRefusal(fold(...events), use, nowAt('12:30'), 'reserved', NOBODY_KNOWN)?.code;
  it('asks for all but what is left, which is reserved already', () => {
    expect(recheck(...free, reservation('o', 'fw-dev', 3))).toBeUndefined();
    expect(recheck(...both, reservation('o', 'fw-dev', 3))).toBeUndefined();
  });
  it.each<readonly [string, readonly OperationEvent[]]>([
    ['OPERATION_NOT_FOUND', []],
    ['OPERATION_REVOKED', [...free, reservation('o', 'fw-dev', 3), revocation(ONE)]],
    ['OPERATION_EXPIRED', [...free, reservation('o', 'fw-dev', 3), expired]],
    ['OPERATION_NOT_APPROVED', [requested([dev, prod]), approval(ONE), approved, reservation('o', 'fw-dev', 3)]],
    ['DIGEST_NOT_BOUND', [requested([dev], { binding: { digests: ['e'] } }), approved, reservation('o', 'fw-dev', 3)]],
    ['KEY_UNKNOWN', [requested([key('other', NONE)]), approved]],
  ])('halts: %s', (code, events) => expect(recheck(...events)).toBe(code));
  it('halts for a disabled key and outside the window', () => {
    const state = fold(...free, reservation('o', 'fw-dev', 3));
    expect(useRefusal(state, { ...use, keyEnabled: false }, nowAt('12:30'), 'reserved', NOBODY_KNOWN)?.code).toBe('KEY_DISABLED');
    expect(useRefusal(state, use, nowAt('13:00', '12:30'), 'reserved', NOBODY_KNOWN)?.code).toBe('OPERATION_EXPIRED');
    expect(useRefusal(state, use, nowAt('12:30', '12:09'), 'reserved', NOBODY_KNOWN)?.code).toBe('OPERATION_NOT_YET_VALID');
  });
});
