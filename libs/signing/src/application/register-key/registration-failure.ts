import type { RegistrationFailure } from '#keys/contract.js';
import { exhaustive } from '#kernel/exhaustive.js';
import { HsmError } from '../ports/hsm.port.js';
import type { HsmErrorReason } from '../ports/hsm.port.js';

export const HSM_GONE: RegistrationFailure = { code: 'HSM_UNAVAILABLE', detail: 'the HSM can not be reached' };

/**
 * What an error of the HSM makes of a registration; `retry`: it may pass. Making a pair is find-or-create, so also an unknown outcome is tried again.
 * The details are ours: nothing that a token says leaves the signer.
 */
export function registrationFailure(error: unknown): RegistrationFailure | 'retry' {
  if (!(error instanceof HsmError)) return 'retry';
  switch (error.errorClass) {
    case 'retryable':
    case 'unknown':
      return 'retry';
    case 'fatal':
      return HSM_GONE;
    case 'refused':
      return refused(error.reason);
    default:
      return exhaustive(error.errorClass);
  }
}

function refused(reason: HsmErrorReason): RegistrationFailure {
  switch (reason) {
    case 'ALGORITHM_UNSUPPORTED':
      return { code: 'ALGORITHM_UNSUPPORTED', detail: 'the token can not do this algorithm' };
    case 'KEY_MISSING':
      return { code: 'PKCS11_KEY_NOT_FOUND', detail: 'the token has no such key pair, or more than one' };
    case 'KEY_KIND_MISMATCH':
      return { code: 'VALIDATION_FAILED', detail: 'is another kind of key than the algorithm needs' };
    case 'KEY_UNPROTECTED':
      return { code: 'VALIDATION_FAILED', detail: 'is a private key that is not sensitive, or can be extracted' };
    case 'PIN_INCORRECT':
    case 'MODULE_MISSING':
    case 'TOKEN_MISSING':
    case 'UNAVAILABLE':
    case 'REFUSED':
    case 'SIGNATURE_INVALID':
      return { code: 'HSM_UNAVAILABLE', detail: 'the HSM refused to make or find the key pair' };
    default:
      return exhaustive(reason);
  }
}
