import { statusAt } from './status.js';
import { ADMINISTRATOR, approve, approved, approvers, at, expire, fold, given, key, NONE, nowAt, ONE, request, requested, reserve, revoke, settle, withdraw } from './testing/given-operation.js';

const [dev, prod] = [key('fw-dev', NONE), key('fw-prod', approvers(2))];

describe('request', () => {
  it('is pending where somebody is asked', () => given().when(request([prod])).then(requested([prod])));
  it('is born approved where nobody is asked', () => given().when(request([dev])).then(requested([dev]), approved));
  it('of several keys is born approved only where nobody is asked for any of them', () => {
    given().when(request([dev, key('other', NONE)])).then(requested([dev, key('other', NONE)]), approved);
    given().when(request([dev, prod])).then(requested([dev, prod]));
    given().when(request([prod, dev])).then(requested([prod, dev]));
  });
  it('keeps the order of keys, with nothing used', () => {
    expect(fold(requested([prod, dev])).grants).toEqual([{ ...prod, reserved: 0, spent: 0 }, { ...dev, reserved: 0, spent: 0 }]);
  });
  it('is not asked for twice', () => {
    given(requested([prod])).when(request([prod])).refuses('IDEMPOTENCY_KEY_REUSED');
    given(requested([dev]), approved).when(request([dev])).refuses('IDEMPOTENCY_KEY_REUSED');
  });
  it('is expired at expiresAt itself, whatever its events say', () => {
    for (const state of [fold(requested([prod])), fold(requested([dev]), approved)]) {
      expect(statusAt(state, at('12:59:59.999'))).toBe(state.status);
      expect(statusAt(state, at('13:00'))).toBe('expired');
    }
  });
});

it('a command to what was not asked for is refused', () => {
  const commands = [approve(ONE), withdraw(ONE), revoke(ADMINISTRATOR, { privileged: true }), expire(nowAt('14:00')), reserve('o'), settle([]), { type: 'record-decision-refusals', by: ONE, code: 'SELF_APPROVAL', count: 1 }, { type: 'record-use-refusals', by: ONE, code: 'KEY_DISABLED', keyId: null, count: 1 }] as const;
  for (const command of commands) given().when(command).refuses('OPERATION_NOT_FOUND');
  expect(statusAt(fold(), at('14:00'))).toBe('absent');
});

it('refusals are recorded and change nothing', () => {
  const by = { issuer: ONE.issuer, subject: ONE.subject };
  given(requested([prod])).when({ type: 'record-decision-refusals', by, code: 'NOT_ELIGIBLE', count: 3 }).then({ type: 'operations.decision-refused.v1', data: { by, code: 'NOT_ELIGIBLE', count: 3 } });
  given(requested([prod])).when({ type: 'record-use-refusals', by, code: 'USAGE_EXHAUSTED', keyId: 'fw-prod', count: 2 }).then({ type: 'operations.use-refused.v1', data: { by, code: 'USAGE_EXHAUSTED', keyId: 'fw-prod', count: 2 } });
  const state = fold(requested([prod]));
  expect(fold(requested([prod]), { type: 'operations.decision-refused.v1', data: { by, code: 'NOT_ELIGIBLE', count: 3 } }, { type: 'operations.use-refused.v1', data: { by, code: 'X', keyId: null, count: 1 } })).toEqual(state);
});
