import { HsmError } from '../ports/hsm.port.js';
import type { HsmErrorClass, HsmErrorReason } from '../ports/hsm.port.js';
import { registrationFailure } from './registration-failure.js';

const SECRET = 'CKR_DEVICE_ERROR in slot 7';

describe('what an error of the HSM makes of a registration', () => {
  it.each<[HsmErrorClass, HsmErrorReason, string]>([
    ['refused', 'ALGORITHM_UNSUPPORTED', 'ALGORITHM_UNSUPPORTED'],
    ['refused', 'KEY_MISSING', 'PKCS11_KEY_NOT_FOUND'],
    ['refused', 'KEY_KIND_MISMATCH', 'VALIDATION_FAILED'],
    ['refused', 'KEY_UNPROTECTED', 'VALIDATION_FAILED'],
    ['refused', 'REFUSED', 'HSM_UNAVAILABLE'],
    ['refused', 'PIN_INCORRECT', 'HSM_UNAVAILABLE'],
    ['refused', 'MODULE_MISSING', 'HSM_UNAVAILABLE'],
    ['refused', 'TOKEN_MISSING', 'HSM_UNAVAILABLE'],
    ['refused', 'UNAVAILABLE', 'HSM_UNAVAILABLE'],
    ['refused', 'SIGNATURE_INVALID', 'HSM_UNAVAILABLE'],
    ['fatal', 'PIN_INCORRECT', 'HSM_UNAVAILABLE'],
    ['fatal', 'MODULE_MISSING', 'HSM_UNAVAILABLE'],
  ])('%s %s: %s, without a word of the token', (errorClass, reason, code) => {
    const failure = registrationFailure(new HsmError(errorClass, reason, SECRET));
    expect(failure).toMatchObject({ code });
    expect(JSON.stringify(failure)).not.toMatch(/CKR|slot|PIN/);
  });
  it.each<[HsmErrorClass, HsmErrorReason]>([['retryable', 'TOKEN_MISSING'], ['retryable', 'UNAVAILABLE'], ['unknown', 'UNAVAILABLE']])('%s %s may pass', (errorClass, reason) =>
    expect(registrationFailure(new HsmError(errorClass, reason, SECRET))).toBe('retry'));
  it('what is no error of the HSM may pass', () => expect(registrationFailure(new Error('x'))).toBe('retry'));
});
