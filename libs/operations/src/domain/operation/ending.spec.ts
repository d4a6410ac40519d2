import { statusAt } from './status.js';
import {
  ADMINISTRATOR, approval, approve, approved, approvers, at, exhausted, expire, expired, fold, given, key, NONE, nowAt, ONE, ORDERER, person, refusal, rejected, rejection, requested, reservation, reserve, returned, revocation,
  revoke, settled, STRANGER, THREE, TWO, withdraw, withdrawal,
} from './testing/given-operation.js';

const prod = key('fw-dev', approvers(2));
const pending = requested([prod]);
const done = [pending, approval(ONE), approval(TWO), approved] as const;
const administrator = { privileged: true };

const FINAL = [
  ['OPERATION_REJECTED', fold(pending, approval(ONE), rejection(TWO), rejected)],
  ['OPERATION_REVOKED', fold(...done, revocation(ADMINISTRATOR))],
  ['OPERATION_EXPIRED', fold(...done, expired)],
  ['OPERATION_EXHAUSTED', fold(...done, reservation('o', 'fw-dev', 3), settled(['o', 3]), exhausted)],
] as const;

describe('a final state', () => {
  it.each(FINAL)('stays what it is when the window is over: %s', (code, state) => {
    expect(statusAt(state, at('13:30'))).toBe(state.status);
    expect(refusal(state, revoke(ADMINISTRATOR, { privileged: true, now: nowAt('13:30') }))).toBe(code);
    expect(refusal(state, reserve('p', { now: nowAt('13:30') }))).toBe(code === 'OPERATION_EXHAUSTED' ? 'USAGE_EXHAUSTED' : code);
  });
});

describe('withdrawal', () => {
  it('takes an approval back', () => given(pending, approval(ONE)).when(withdraw(ONE)).then(withdrawal(ONE)));
  it('of an approved operation takes it back to pending, where an approval is needed again', () => {
    given(...done).when(withdraw(ONE)).then(withdrawal(ONE));
    const state = fold(...done, withdrawal(ONE));
    expect(state.status).toBe('pending');
    expect(state.decisions.map((d) => d.by.subject)).toEqual(['approver2']);
    expect(refusal(state, reserve('o'))).toBe('OPERATION_NOT_APPROVED');
    given(...done, withdrawal(ONE)).when(approve(THREE)).then(approval(THREE), approved);
  });
  it('leaves it approved when those who remain meet every policy without him', () => {
    const both = person('both', { groups: ['fw', 'hw'] });
    const two = [requested([key('a', approvers(1, 'fw')), key('b', approvers(1, 'hw'))]), approval(ONE), approval(both), approved] as const;
    given(...two).when(withdraw(ONE)).then(withdrawal(ONE), approved);
    given(...two).when(withdraw(both)).then(withdrawal(both));
  });
  it('of others\' approvals is none', () => {
    for (const who of [THREE, ORDERER, ADMINISTRATOR, { ...ONE, issuer: 'https://other' }]) given(pending, approval(ONE)).when(withdraw(who)).refuses('NOT_FOUND');
    given(pending, approval(ONE), withdrawal(ONE)).when(withdraw(ONE)).refuses('NOT_FOUND');
    given(pending, rejection(ONE), rejected).when(withdraw(ONE)).refuses('NOT_FOUND');
  });
  it('is possible until the first use of any key is reserved, and not after it was given back', () => {
    given(...done, reservation('o')).when(withdraw(ONE)).refuses('APPROVAL_IN_USE');
    given(...done, reservation('o'), returned(['o', 1])).when(withdraw(ONE)).refuses('APPROVAL_IN_USE');
    given(...done, reservation('o'), settled(['o', 1])).when(withdraw(ONE)).refuses('APPROVAL_IN_USE');
    const both = [requested([prod, key('other', NONE)]), approval(ONE), approval(TWO), approved] as const;
    given(...both, reservation('o', 'other')).when(withdraw(ONE)).refuses('APPROVAL_IN_USE');
  });
  it.each(FINAL)('of a final operation is refused: %s', (code, state) => {
    const expected = state.everReserved ? 'APPROVAL_IN_USE' : code;
    expect(refusal(state, withdraw(ONE))).toBe(expected);
  });
  it('from expiresAt on is refused', () => {
    given(...done).when(withdraw(ONE, nowAt('12:59:59.999'))).then(withdrawal(ONE));
    given(...done).when(withdraw(ONE, nowAt('13:00', '12:30'))).refuses('OPERATION_EXPIRED');
  });
});

describe('revocation', () => {
  it('by an administrator, its orderer, or whom a policy names, decided or not', () => {
    given(pending).when(revoke(ADMINISTRATOR, administrator)).then(revocation(ADMINISTRATOR));
    for (const who of [ORDERER, ONE, THREE]) given(...done).when(revoke(who)).then(revocation(who));
  });
  it('by nobody else', () => {
    for (const who of [STRANGER, ADMINISTRATOR, { ...ORDERER, issuer: 'https://other' }, person('auditor1', { roles: ['auditor'] })]) given(...done).when(revoke(who)).refuses('NOT_YOUR_OPERATION');
  });
  it('before a use takes all, after one what is left', () => {
    for (const events of [[pending], [...done], [...done, reservation('o'), settled(['o', 1])]]) {
      given(...events).when(revoke(ONE)).then(revocation(ONE));
      const state = fold(...events, revocation(ONE));
      expect(refusal(state, reserve('p'))).toBe('OPERATION_REVOKED');
      expect(state.grants).toEqual(fold(...events).grants);
    }
  });
  it.each(FINAL)('of a final operation is refused: %s', (code, state) => expect(refusal(state, revoke(ADMINISTRATOR, administrator))).toBe(code));
  it('whose it is comes before its state', () => {
    for (const [, state] of FINAL) expect(refusal(state, revoke(STRANGER))).toBe('NOT_YOUR_OPERATION');
  });
  it('from expiresAt on is refused', () => {
    given(...done).when(revoke(ONE, { now: nowAt('12:59:59.999') })).then(revocation(ONE));
    given(...done).when(revoke(ONE, { now: nowAt('13:00', '12:30') })).refuses('OPERATION_EXPIRED');
  });
});

describe('expiry', () => {
  it('from expiresAt on, not before', () => {
    for (const events of [[pending], [...done], [...done, reservation('o')]]) {
      given(...events).when(expire(nowAt('12:59:59.999'))).then();
      given(...events).when(expire(nowAt('13:00'))).then(expired);
      given(...events).when(expire(nowAt('13:00', '12:00'))).then(expired);
    }
  });
  it.each(FINAL)('changes nothing of a final operation: %s', (_, state) => expect(refusal(state, expire(nowAt('14:00')))).toBeUndefined());
  it('is not noted twice, nor after another end', () => {
    given(...done, expired).when(expire(nowAt('14:00'))).then();
    given(pending, rejection(ONE), rejected).when(expire(nowAt('14:00'))).then();
    given(...done, revocation(ONE)).when(expire(nowAt('14:00'))).then();
    given(...done, reservation('o', 'fw-dev', 3), settled(['o', 3]), exhausted).when(expire(nowAt('14:00'))).then();
  });
  it('rule 14: an operation whose window is over is expired whether or not that was noted', () => {
    expect(refusal(fold(...done), reserve('o', { now: nowAt('13:00') }))).toBe('OPERATION_EXPIRED');
    expect(refusal(fold(...done, expired), reserve('o', { now: nowAt('12:30') }))).toBe('OPERATION_EXPIRED');
    expect(at('13:00') > at('12:59:59.999')).toBe(true);
  });
});
