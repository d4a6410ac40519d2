import { violations } from './check-history.js';
import { History } from './history.js';
import type { HistoryEntry, Ordered, Outcome, Read } from './history.js';

const entry = (over: Partial<Ordered> = {}): Ordered => ({
  kind: 'order', client: 'a', began: 0, ended: 10, operationId: 'o', keyId: 'k', count: 1, idempotencyKey: 'i1', answer: { status: 201, signOrderId: 's1', state: 'completed', signatures: ['x'] }, ...over,
});
const final = (over: Partial<Outcome['orders'][number]> = {}): Outcome['orders'][number] => ({ signOrderId: 's1', operationId: 'o', keyId: 'k', count: 1, state: 'completed', usesConsumed: 1, signatures: ['x'], ...over });
const outcome = (over: Partial<Outcome> = {}): Outcome => ({ grants: [{ operationId: 'o', keyId: 'k', granted: 2 }], orders: [final()], calls: 1, ...over });
const read = (over: Partial<Read> = {}): Read => ({ kind: 'read', client: 'a', began: 20, ended: 30, subject: 'o', seen: 4, answer: { status: 200, revision: 4 }, ...over });
const second = entry({ idempotencyKey: 'i2', began: 20, ended: 30, answer: { status: 201, signOrderId: 's2', state: 'completed', signatures: ['y'] } });
const both = outcome({ orders: [final(), final({ signOrderId: 's2', signatures: ['y'] })], calls: 2 });
const revoke = (over: object = {}): HistoryEntry => ({ kind: 'revoke', client: 'b', operationId: 'o', began: 11, ended: 15, answer: { status: 200 }, ...over });
const exhausted = (over: Partial<Ordered> = {}): Ordered => entry({ idempotencyKey: 'i9', began: 40, ended: 50, answer: { status: 409, code: 'USAGE_EXHAUSTED' }, ...over });

describe('the checker of histories', () => {
  it.each<[string, readonly HistoryEntry[], Outcome]>([
    ['nothing', [], outcome({ orders: [], calls: 0 })],
    ['one order', [entry(), read()], outcome()],
    ['a retry that gets the same', [entry({ answer: 'unknown' }), entry({ began: 20, ended: 30 })], outcome()],
    ['an order without an answer that was accepted', [entry({ answer: 'unknown' })], outcome()],
    ['an order without an answer that was not', [entry({ answer: 'unknown' })], outcome({ orders: [], calls: 0 })],
    ['an order that was told as pending', [entry({ answer: { status: 202, signOrderId: 's1', state: 'pending' } })], outcome()],
    ['a use that is spent without a signature', [entry({ answer: { status: 202, signOrderId: 's1' } })], outcome({ orders: [final({ state: 'outcome-unknown', signatures: [null] })], calls: 0 })],
    ['a refusal when all is used', [entry(), second, exhausted()], both],
    ['a refusal beside an order that may have been accepted', [entry(), { ...second, answer: 'unknown' }, exhausted({ began: 21, ended: 25 })], outcome()],
    ['an order that overlaps a revocation', [entry({ began: 12, ended: 20 }), revoke()], outcome()],
    ['a retry after a revocation', [entry(), revoke(), entry({ began: 20, ended: 30 })], outcome()],
    ['an order refused after a revocation', [entry(), revoke(), entry({ idempotencyKey: 'i2', began: 20, ended: 30, answer: { status: 409, code: 'OPERATION_REVOKED' } })], outcome()],
  ])('finds nothing in %s', (_, history, end) => {
    expect(violations(history, end)).toEqual([]);
  });

  it.each<[string, readonly HistoryEntry[], Outcome, RegExp]>([
    ['more uses spent than granted', [entry(), second], { ...both, grants: [{ operationId: 'o', keyId: 'k', granted: 1 }] }, /^over-use: 2 uses of k were spent, 1 granted/],
    ['a call of C_Sign too many', [entry()], outcome({ calls: 2 }), /^over-use: C_Sign was called 2 times for 1 uses/],
    ['a signature that cost nothing', [entry()], outcome({ orders: [final({ usesConsumed: 0 })], calls: 0 }), /^over-use: s1 is completed with 1 signatures for 0/],
    ['an acknowledged order that is gone', [entry(), second], outcome(), /^lost: s2 was answered 201 and is not there/],
    ['an accepted order that is gone', [entry({ answer: { status: 202, signOrderId: 's7', state: 'pending' } })], outcome(), /^lost: s7 was answered 202/],
    ['an order without an end', [], outcome({ orders: [final({ state: 'pending', usesConsumed: 1 })], calls: 1 }), /^lost: s1 stayed pending/],
    ['an end that became another', [entry({ answer: { status: 201, signOrderId: 's1', state: 'failed' } })], outcome(), /^lost: s1 was answered as failed and is completed/],
    ['signatures that became others', [entry({ answer: { status: 201, signOrderId: 's1', state: 'completed', signatures: ['z'] } })], outcome(), /^lost: s1 was answered with other signatures/],
    ['one key for two orders', [entry(), { ...second, idempotencyKey: 'i1' }], both, /^doubled: i1 gave s1 and s2/],
    ['a refusal while uses are left', [entry(), exhausted()], outcome(), /^refused: 1 uses were refused while at most 1 of 2/],
    ['a read behind what was seen', [entry(), read({ answer: { status: 200, revision: 3 } })], outcome(), /^stale: a had seen revision 4 of o and was shown 3/],
    ['a read without a revision', [entry(), read({ answer: { status: 200 } })], outcome(), /^stale: /],
    ['an order after a revocation', [entry(), revoke(), second], both, /^after revocation: s2 was accepted 5 ms after/],
  ])('finds %s', (_, history, end, expected) => {
    expect(violations(history, end)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a history', () => {
  it('keeps when a call began and ended, and that one was not answered', async () => {
    const history = new History();
    const kept = (when: { readonly began: number; readonly ended: number }, answer: number | undefined): Read => ({ kind: 'read', client: 'a', ...when, subject: 'o', seen: undefined, answer: answer === undefined ? 'unknown' : { status: answer } });
    expect(await history.record(() => Promise.resolve(200), kept)).toBe(200);
    expect(await history.record(() => Promise.reject(new Error('reset')), kept)).toBeUndefined();
    expect(history.entries.map((one) => one.answer)).toEqual([{ status: 200 }, 'unknown']);
    expect(history.entries.every(({ began, ended }) => began <= ended)).toBe(true);
  });
});
