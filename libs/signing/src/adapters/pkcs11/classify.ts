import type { HsmErrorClass, HsmErrorReason } from '../../application/ports/hsm.port.js';
import { CKR } from './cryptoki-constants.js';

/** What a failed call spoils: nothing, its session, or the whole opening of the token (sessions, handles, login). */
export type FaultReach = 'call' | 'session' | 'token';

export interface Classification {
  readonly errorClass: HsmErrorClass;
  readonly reason: HsmErrorReason;
  readonly reach: FaultReach;
}

const refused = (reason: HsmErrorReason): Classification => ({ errorClass: 'refused', reason, reach: 'call' });
const retryable = (reason: HsmErrorReason, reach: FaultReach): Classification => ({ errorClass: 'retryable', reason, reach });
const fatal: Classification = { errorClass: 'fatal', reason: 'PIN_INCORRECT', reach: 'token' };
const lost = retryable('UNAVAILABLE', 'token');
const tokenGone = retryable('TOKEN_MISSING', 'token');
const sessionSpoilt = retryable('UNAVAILABLE', 'session');

const TABLE: ReadonlyMap<number, Classification> = new Map([
  [CKR.PIN_INCORRECT, fatal], [CKR.PIN_INVALID, fatal], [CKR.PIN_LEN_RANGE, fatal], [CKR.PIN_EXPIRED, fatal], [CKR.PIN_LOCKED, fatal], [CKR.USER_PIN_NOT_INITIALIZED, fatal],
  [CKR.SLOT_ID_INVALID, tokenGone], [CKR.DEVICE_REMOVED, tokenGone], [CKR.TOKEN_NOT_PRESENT, tokenGone], [CKR.TOKEN_NOT_RECOGNIZED, tokenGone],
  [CKR.GENERAL_ERROR, lost], [CKR.DEVICE_ERROR, lost], [CKR.SESSION_CLOSED, lost], [CKR.SESSION_HANDLE_INVALID, lost], [CKR.USER_NOT_LOGGED_IN, lost], [CKR.CRYPTOKI_NOT_INITIALIZED, lost],
  [CKR.HOST_MEMORY, sessionSpoilt], [CKR.FUNCTION_FAILED, sessionSpoilt], [CKR.DEVICE_MEMORY, sessionSpoilt], [CKR.OPERATION_ACTIVE, sessionSpoilt], [CKR.SESSION_COUNT, sessionSpoilt],
  [CKR.KEY_HANDLE_INVALID, refused('KEY_MISSING')], [CKR.OBJECT_HANDLE_INVALID, refused('KEY_MISSING')],
  [CKR.KEY_SIZE_RANGE, refused('KEY_KIND_MISMATCH')], [CKR.KEY_TYPE_INCONSISTENT, refused('KEY_KIND_MISMATCH')],
  [CKR.MECHANISM_INVALID, refused('ALGORITHM_UNSUPPORTED')], [CKR.MECHANISM_PARAM_INVALID, refused('ALGORITHM_UNSUPPORTED')], [CKR.FUNCTION_NOT_SUPPORTED, refused('ALGORITHM_UNSUPPORTED')],
  [CKR.DOMAIN_PARAMS_INVALID, refused('ALGORITHM_UNSUPPORTED')], [CKR.CURVE_NOT_SUPPORTED, refused('ALGORITHM_UNSUPPORTED')],
  [CKR.SIGNATURE_INVALID, refused('SIGNATURE_INVALID')], [CKR.SIGNATURE_LEN_RANGE, refused('SIGNATURE_INVALID')],
  [CKR.ARGUMENTS_BAD, refused('REFUSED')], [CKR.ATTRIBUTE_READ_ONLY, refused('REFUSED')], [CKR.ATTRIBUTE_SENSITIVE, refused('REFUSED')], [CKR.ATTRIBUTE_TYPE_INVALID, refused('REFUSED')],
  [CKR.ATTRIBUTE_VALUE_INVALID, refused('REFUSED')], [CKR.DATA_INVALID, refused('REFUSED')], [CKR.DATA_LEN_RANGE, refused('REFUSED')], [CKR.KEY_FUNCTION_NOT_PERMITTED, refused('REFUSED')],
  [CKR.SESSION_READ_ONLY, refused('REFUSED')], [CKR.TEMPLATE_INCOMPLETE, refused('REFUSED')], [CKR.TEMPLATE_INCONSISTENT, refused('REFUSED')], [CKR.TOKEN_WRITE_PROTECTED, refused('REFUSED')],
  [CKR.FUNCTION_REJECTED, refused('REFUSED')],
]);

/**
 * What a failed PKCS#11 call means. Pure. Codes that no table knows (vendors') spoil the session; when its replacement can't be opened the token is lost.
 * C_Sign is `unknown` whatever it answered: a token may have signed before it failed (rule 7).
 * @param functionName such as `C_SignInit` @param code the CK_RV, not CKR_OK
 */
export function classify(functionName: string, code: number): Classification {
  const known = TABLE.get(code) ?? sessionSpoilt;
  if (functionName !== 'C_Sign') return known;
  return { errorClass: 'unknown', reason: known.reason, reach: known.reach === 'call' ? 'session' : known.reach };
}
