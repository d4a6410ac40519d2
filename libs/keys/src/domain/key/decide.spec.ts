import fc from 'fast-check';
import { DomainError } from '#kernel/domain-error.js';
import type { KeyCommand } from './commands.js';
import { decideKey } from './decide.js';
import type { KeyEvent } from './events.js';
import { evolveKey, initialKey } from './evolve.js';
import type { KeyState } from './state.js';

const BY = { issuer: 'https://idp', subject: 'admin1' };
const AT = '2026-11-20T12:00:00.000Z';
const REGISTRATION = {
  keyId: 'fw', purpose: 'firmware', algorithm: 'ES256', modulusBits: null, approvalPolicy: { type: 'none' }, description: null, requesters: null, adopt: null, ckaIdHex: 'aa',
} as const;
const PAIR = { publicKey: 'c3BraQ==', publicKeySha256: 'ff', ckaIdHex: 'aa', tokenSerial: '1', signer: 'signer-1' };
const TWO = { type: 'approvers', count: 2, group: 'g', role: 'approver' } as const;
const FAILURE = { code: 'HSM_UNAVAILABLE', detail: 'gone' } as const;

const request: KeyCommand = { type: 'request-registration', registration: REGISTRATION, at: AT };
const complete = (attempt: number): KeyCommand => ({ type: 'complete-registration', attempt, registered: PAIR });
const fail = (attempt: number): KeyCommand => ({ type: 'fail-registration', attempt, failure: FAILURE });
const policy = (approvalPolicy: typeof TWO | { readonly type: 'none' }): KeyCommand => ({ type: 'change-policy', approvalPolicy, by: BY });
const disable: KeyCommand = { type: 'disable', reason: 'leak', by: BY };
const enable: KeyCommand = { type: 'enable', reason: 'checked', by: BY };

const requested = (attempt = 1): KeyEvent => ({ type: 'keys.registration-requested.v1', data: { ...REGISTRATION, attempt, requestedAt: AT } });
const registered: KeyEvent = { type: 'keys.registered.v1', data: { keyId: 'fw', ...PAIR } };
const failed: KeyEvent = { type: 'keys.registration-failed.v1', data: { keyId: 'fw', ...FAILURE } };
const policyChanged: KeyEvent = { type: 'keys.policy-changed.v1', data: { keyId: 'fw', approvalPolicy: TWO, by: BY } };
const disabled: KeyEvent = { type: 'keys.disabled.v1', data: { keyId: 'fw', reason: 'leak', by: BY } };
const enabled: KeyEvent = { type: 'keys.enabled.v1', data: { keyId: 'fw', reason: 'checked', by: BY } };

const fold = (events: readonly KeyEvent[]): KeyState => events.reduce(evolveKey, initialKey);
const given = (...events: readonly KeyEvent[]) => ({
  when: (command: KeyCommand) => ({
    then: (...expected: readonly KeyEvent[]): void => expect(decideKey(command, fold(events))).toEqual(expected),
    refuses: (code: string): void => {
      let thrown: unknown;
      try {
        decideKey(command, fold(events));
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(DomainError);
      expect((thrown as DomainError).code).toBe(code);
    },
  }),
});

describe('registration', () => {
  it('is requested for a keyId that is not there', () => given().when(request).then(requested()));
  it('is requested anew after a failed one, as the next attempt', () => given(requested(), failed).when(request).then(requested(2)));
  it.each([
    ['creating', [requested()]],
    ['enabled', [requested(), registered]],
    ['disabled', [requested(), registered, disabled]],
    ['creating for the second time', [requested(), failed, requested(2)]],
  ])('is refused while the key is %s', (_, events) => given(...events).when(request).refuses('KEY_EXISTS'));
  it('is refused with a modulus for what has none', () => given().when({ ...request, registration: { ...REGISTRATION, modulusBits: 3072 } }).refuses('VALIDATION_FAILED'));
  it('takes the modulus of RSA', () => given().when({ ...request, registration: { ...REGISTRATION, algorithm: 'PS256', modulusBits: 4096 } })
    .then({ type: 'keys.registration-requested.v1', data: { ...REGISTRATION, algorithm: 'PS256', modulusBits: 4096, attempt: 1, requestedAt: AT } }));

  it('is completed', () => given(requested()).when(complete(1)).then(registered));
  it('fails', () => given(requested()).when(fail(1)).then(failed));
  it.each([
    ['before it was requested', []],
    ['when completed', [requested(), registered]],
    ['when failed', [requested(), failed]],
    ['when another attempt is under way', [requested(), failed, requested(2)]],
  ])('rule 15: an outcome changes nothing %s', (_, events) => {
    given(...events).when(complete(1)).then();
    given(...events).when(fail(1)).then();
  });

  it('begins from nothing after a failed one', () => {
    expect(fold([requested(), policyChanged, disabled, failed, requested(2)])).toEqual({ ...fold([requested()]), attempt: 2 });
  });
});

describe('policy', () => {
  it.each([['creating', [requested()]], ['enabled', [requested(), registered]], ['disabled', [requested(), registered, disabled]]])('changes while the key is %s', (_, events) =>
    given(...events).when(policy(TWO)).then(policyChanged));
  it('does not change to what it is', () => {
    given(requested(), registered).when(policy({ type: 'none' })).then();
    given(requested(), registered, policyChanged).when(policy({ role: 'approver', group: 'g', count: 2, type: 'approvers' })).then();
  });
  it.each([['there is no key', []], ['its registration failed', [requested(), failed]]])('is not found when %s', (_, events) => given(...events).when(policy(TWO)).refuses('KEY_NOT_FOUND'));
});

describe('disabling and enabling', () => {
  it('disables', () => given(requested(), registered).when(disable).then(disabled));
  it('enables', () => given(requested(), registered, disabled).when(enable).then(enabled));
  it('changes nothing when it is so', () => {
    given(requested(), registered).when(enable).then();
    given(requested(), registered, disabled).when(disable).then();
    given(requested()).when(enable).then();
    given(requested(), disabled).when(disable).then();
  });
  it('disables a key that is being made: it never becomes usable by itself', () => {
    given(requested()).when(disable).then(disabled);
    expect(fold([requested(), disabled]).status).toBe('creating');
    expect(fold([requested(), disabled, registered]).status).toBe('disabled');
    given(requested(), disabled, registered).when(enable).then(enabled);
  });
  it('takes that back', () => {
    given(requested(), disabled).when(enable).then(enabled);
    expect(fold([requested(), disabled, enabled, registered]).status).toBe('enabled');
  });
  it.each([['there is no key', []], ['its registration failed', [requested(), failed]]])('is not found when %s', (_, events) => {
    given(...events).when(disable).refuses('KEY_NOT_FOUND');
    given(...events).when(enable).refuses('KEY_NOT_FOUND');
  });
});

describe('any sequence of commands', () => {
  const command = fc.oneof(
    fc.constantFrom(request, policy(TWO), policy({ type: 'none' }), disable, enable),
    fc.integer({ min: 0, max: 3 }).map(complete),
    fc.integer({ min: 0, max: 3 }).map(fail),
  );
  it('registers once, has a public key exactly from then on, and signs only as the last switch says', () => {
    fc.assert(fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
      const events: KeyEvent[] = [];
      let last: 'enabled' | 'disabled' = 'enabled';
      for (const c of commands) {
        const state = fold(events);
        try {
          const decided = decideKey(c, state);
          events.push(...decided);
          if (decided.length > 0 && c.type === 'request-registration') last = 'enabled';
          if (c.type === 'disable') last = 'disabled';
          if (c.type === 'enable') last = 'enabled';
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
          expect(fold(events)).toEqual(state);
        }
      }
      const end = fold(events);
      expect(events.filter((e) => e.type === 'keys.registered.v1').length).toBe(end.publicKey === null ? 0 : 1);
      expect(end.publicKey !== null).toBe(end.status === 'enabled' || end.status === 'disabled');
      if (end.publicKey !== null) expect(end.status).toBe(last);
    }));
  });
});
