import type { OperationEvent } from './events.js';
import { statusAt } from './status.js';
import {
  approved, approvers, at, end, exhausted, expired, fold, given, key, NONE, nowAt, ONE, refusal, requested, reservation, reserve, returned, revocation, settle, settled, approval, TWO,
} from './testing/given-operation.js';

const free = [requested([key('fw-dev', NONE, 5)]), approved] as const;
const uses = (...events: readonly OperationEvent[]) => fold(...events).grants.map((g) => [g.reserved, g.spent]);

describe('settling', () => {
  it('of a signed order spends its uses', () => {
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 2)])).then(settled(['o', 2]));
    expect(uses(...free, reservation('o', 'fw-dev', 2), settled(['o', 2]))).toEqual([[0, 2]]);
  });
  it('of a failed order gives them back', () => {
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 0, 2)])).then(returned(['o', 2]));
    expect(uses(...free, reservation('o', 'fw-dev', 2), returned(['o', 2]))).toEqual([[0, 0]]);
  });
  it('rule 7: of an order of which a part was never handed to C_Sign gives back that part', () => {
    given(...free, reservation('o', 'fw-dev', 5)).when(settle([end('o', 3, 2)])).then(returned(['o', 2]), settled(['o', 3]));
    const state = fold(...free, reservation('o', 'fw-dev', 5), returned(['o', 2]), settled(['o', 3]));
    expect(state.grants.map((g) => [g.reserved, g.spent])).toEqual([[0, 3]]);
    expect(state.open.size).toBe(0);
  });
  it('of several orders stands in one event each way', () => {
    given(...free, reservation('a'), reservation('b'), reservation('c')).when(settle([end('a', 1), end('b', 0, 1), end('c', 1)])).then(returned(['b', 1]), settled(['a', 1], ['c', 1]));
  });
  it('closes what it settles alone', () => {
    const state = fold(...free, reservation('a', 'fw-dev', 2), reservation('b'), settled(['a', 2]));
    expect([...state.open.keys()]).toEqual(['b']);
    expect(state.everReserved).toBe(true);
  });

  it('rule 2: once for each reservation, whoever tells it again', () => {
    const booked = [...free, reservation('o', 'fw-dev', 2), returned(['o', 2])] as const;
    given(...booked).when(settle([end('o', 0, 2)])).then();
    given(...booked).when(settle([end('o', 2)])).then();
    given(...free, reservation('o', 'fw-dev', 2), settled(['o', 2])).when(settle([end('o', 0, 2)])).then();
    given(...free).when(settle([end('never reserved', 0, 3)])).then();
    given(...booked).when(settle([])).then();
  });
  it('rule 2: twice in one command counts once, the first', () => {
    given(...free, reservation('o', 'fw-dev', 5)).when(settle([end('o', 3, 2), end('o', 3, 2)])).then(returned(['o', 2]), settled(['o', 3]));
    given(...free, reservation('o', 'fw-dev', 5)).when(settle([end('o', 5), end('o', 0, 5)])).then(settled(['o', 5]), exhausted);
    given(...free, reservation('o', 'fw-dev', 2), reservation('p')).when(settle([end('o', 0, 2), end('p', 1), end('o', 2)])).then(returned(['o', 2]), settled(['p', 1]));
  });
  it('rule 8: what an outcome does not name is spent, and nothing more than the reservation is given back', () => {
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 0, 0)])).then(settled(['o', 2]));
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 1, 0)])).then(settled(['o', 2]));
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 9, 9)])).then(returned(['o', 2]));
    given(...free, reservation('o', 'fw-dev', 2)).when(settle([end('o', 2, -5)])).then(settled(['o', 2]));
  });
  it('no event takes more out of a reservation than it holds', () => {
    expect(uses(...free, reservation('o', 'fw-dev', 2), settled(['o', 9]))).toEqual([[0, 2]]);
    expect(uses(...free, reservation('o', 'fw-dev', 2), returned(['o', 9]))).toEqual([[0, 0]]);
    expect(uses(...free, reservation('o', 'fw-dev', 2), returned(['o', 1]), returned(['o', 1]), returned(['o', 1]))).toEqual([[0, 0]]);
    expect(uses(...free, returned(['o', 3]))).toEqual([[0, 0]]);
  });
});

describe('rule 10: exhausted', () => {
  const three = [requested([key('fw-dev', NONE)]), approved] as const;
  it('follows the last use of every key', () => {
    given(...three, reservation('o', 'fw-dev', 3)).when(settle([end('o', 3)])).then(settled(['o', 3]), exhausted);
    given(...three, reservation('o', 'fw-dev', 2)).when(settle([end('o', 2)])).then(settled(['o', 2]));
    const two = [requested([key('fw-dev', NONE, 1), key('b', NONE, 1)]), approved, reservation('o'), reservation('p', 'b')] as const;
    given(...two).when(settle([end('o', 1)])).then(settled(['o', 1]));
    given(...two, settled(['o', 1])).when(settle([end('p', 1)])).then(settled(['p', 1, 'b']), exhausted);
    given(...two).when(settle([end('o', 1), end('p', 1)])).then(settled(['o', 1], ['p', 1, 'b']), exhausted);
  });
  it('is not there as long as uses are only reserved: it is approved and has none left', () => {
    const events = [...three, reservation('o', 'fw-dev', 3)] as const;
    expect(statusAt(fold(...events), at('12:30'))).toBe('approved');
    given(...events).when(reserve('p')).refuses('USAGE_EXHAUSTED');
    given(...events).when(settle([end('o', 2, 1)])).then(returned(['o', 1]), settled(['o', 2]));
  });
  it('never follows a return', () => given(...three, reservation('o', 'fw-dev', 2), settled(['o', 2]), reservation('p')).when(settle([end('p', 0, 1)])).then(returned(['p', 1])));
  it('comes no more from expiresAt on', () => {
    given(...three, reservation('o', 'fw-dev', 3)).when(settle([end('o', 3)], nowAt('12:59:59.999'))).then(settled(['o', 3]), exhausted);
    given(...three, reservation('o', 'fw-dev', 3)).when(settle([end('o', 3)], nowAt('13:00'))).then(settled(['o', 3]));
    given(...three, reservation('o', 'fw-dev', 3)).when(settle([end('o', 3)], nowAt('13:00', '12:30'))).then(settled(['o', 3]));
  });
  it('follows a settlement, nothing else', () => {
    given(...three, reservation('o', 'fw-dev', 3), settled(['o', 3])).when(settle([])).then();
    given(...three, reservation('o', 'fw-dev', 3), settled(['o', 3])).when(settle([end('o', 3), end('p', 0, 1)])).then();
  });
  it('comes no more after another end', () => {
    given(...three, reservation('o', 'fw-dev', 3), revocation(ONE)).when(settle([end('o', 3)])).then(settled(['o', 3]));
    given(...three, reservation('o', 'fw-dev', 3), expired).when(settle([end('o', 3)])).then(settled(['o', 3]));
  });
  it('a return after a final state is booked and unusable', () => {
    for (const [final, code] of [[revocation(ONE), 'OPERATION_REVOKED'], [expired, 'OPERATION_EXPIRED']] as const) {
      const events = [...three, reservation('o', 'fw-dev', 3), final] as const;
      given(...events).when(settle([end('o', 0, 3)])).then(returned(['o', 3]));
      const state = fold(...events, returned(['o', 3]));
      expect(state.grants.map((g) => [g.reserved, g.spent])).toEqual([[0, 0]]);
      expect(state.status).toBe(fold(...events).status);
      expect(refusal(state, reserve('p'))).toBe(code);
    }
  });
  it('rule 10: grant 1, fail before C_Sign, order again: signs', () => {
    const one = [requested([key('fw-dev', approvers(2), 1)]), approval(ONE), approval(TWO), approved] as const;
    given(...one, reservation('o')).when(reserve('p')).refuses('USAGE_EXHAUSTED');
    given(...one, reservation('o')).when(settle([end('o', 0, 1)])).then(returned(['o', 1]));
    given(...one, reservation('o'), returned(['o', 1])).when(reserve('p')).then(reservation('p'));
    given(...one, reservation('o'), returned(['o', 1]), reservation('p')).when(settle([end('p', 1)])).then(settled(['p', 1]), exhausted);
    given(...one, reservation('o'), returned(['o', 1]), reservation('p'), settled(['p', 1]), exhausted).when(reserve('q')).refuses('USAGE_EXHAUSTED');
  });
});
