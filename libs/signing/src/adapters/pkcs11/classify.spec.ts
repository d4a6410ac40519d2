import { classify } from './classify.js';
import { CKR } from './cryptoki-constants.js';

describe('classification of PKCS#11 errors', () => {
  it.each([
    ['PIN_INCORRECT', 'fatal', 'PIN_INCORRECT', 'token'],
    ['PIN_LOCKED', 'fatal', 'PIN_INCORRECT', 'token'],
    ['PIN_EXPIRED', 'fatal', 'PIN_INCORRECT', 'token'],
    ['PIN_LEN_RANGE', 'fatal', 'PIN_INCORRECT', 'token'],
    ['TOKEN_NOT_PRESENT', 'retryable', 'TOKEN_MISSING', 'token'],
    ['DEVICE_REMOVED', 'retryable', 'TOKEN_MISSING', 'token'],
    ['DEVICE_ERROR', 'retryable', 'UNAVAILABLE', 'token'],
    ['GENERAL_ERROR', 'retryable', 'UNAVAILABLE', 'token'],
    ['SESSION_HANDLE_INVALID', 'retryable', 'UNAVAILABLE', 'token'],
    ['SESSION_CLOSED', 'retryable', 'UNAVAILABLE', 'token'],
    ['USER_NOT_LOGGED_IN', 'retryable', 'UNAVAILABLE', 'token'],
    ['CRYPTOKI_NOT_INITIALIZED', 'retryable', 'UNAVAILABLE', 'token'],
    ['FUNCTION_FAILED', 'retryable', 'UNAVAILABLE', 'session'],
    ['HOST_MEMORY', 'retryable', 'UNAVAILABLE', 'session'],
    ['KEY_HANDLE_INVALID', 'refused', 'KEY_MISSING', 'call'],
    ['OBJECT_HANDLE_INVALID', 'refused', 'KEY_MISSING', 'call'],
    ['KEY_TYPE_INCONSISTENT', 'refused', 'KEY_KIND_MISMATCH', 'call'],
    ['MECHANISM_INVALID', 'refused', 'ALGORITHM_UNSUPPORTED', 'call'],
    ['KEY_FUNCTION_NOT_PERMITTED', 'refused', 'REFUSED', 'call'],
    ['DATA_LEN_RANGE', 'refused', 'REFUSED', 'call'],
  ] as const)('before C_Sign: CKR_%s is %s %s and spoils the %s', (code, errorClass, reason, reach) => {
    expect(classify('C_SignInit', CKR[code])).toEqual({ errorClass, reason, reach });
  });

  it('a code that nobody knows can be tried again, in another session', () => {
    expect(classify('C_SignInit', 0x80001234)).toEqual({ errorClass: 'retryable', reason: 'UNAVAILABLE', reach: 'session' });
    expect(classify('C_OpenSession', 0)).toEqual({ errorClass: 'retryable', reason: 'UNAVAILABLE', reach: 'session' });
  });

  it('rule 7: whatever C_Sign answers, its outcome is unknown and its session is spoilt', () => {
    for (const code of [...Object.values(CKR), 0, 0x80001234]) {
      const { errorClass, reach } = classify('C_Sign', code);
      expect(errorClass).toBe('unknown');
      expect(reach).not.toBe('call');
    }
    expect(classify('C_Sign', CKR.DEVICE_REMOVED).reach).toBe('token');
  });
});
