import { HsmError } from '../../application/ports/hsm.port.js';
import { bounded } from './bounded.js';
import type { Cryptoki, Handle } from './cryptoki.js';
import { CKR, USER_STATES } from './cryptoki-constants.js';
import { CryptokiError } from './cryptoki-error.js';
import type { FailedPins, HsmLog } from './pkcs11-config.js';

const MEMORY_TIMEOUT_MS = 10_000;
const WRONG_PIN: readonly number[] = [CKR.PIN_INCORRECT, CKR.PIN_INVALID, CKR.PIN_LEN_RANGE];

/**
 * At most one C_Login, and none with a PIN that is known as wrong (rule 15): every attempt counts down the token's own limit.
 * A login is the process's, so a session that is logged in already needs none.
 * @throws HsmError `fatal` for the PIN; `retryable` when the memory of failed PINs does not answer, since then it is not tried
 */
export async function loginOnce(cryptoki: Cryptoki, session: Handle, pin: string, failedPins: FailedPins, log: HsmLog): Promise<void> {
  const failed = await memory(failedPins.isFailed(pin));
  if (failed) throw new HsmError('fatal', 'PIN_INCORRECT', 'the token refused this PIN before; it is not tried again until it is another one');
  if (USER_STATES.includes(cryptoki.sessionState(session))) return;
  try {
    cryptoki.login(session, pin);
  } catch (error) {
    if (!(error instanceof CryptokiError)) throw error;
    if (error.code === CKR.USER_ALREADY_LOGGED_IN) return;
    if (WRONG_PIN.includes(error.code)) await memory(failedPins.remember(pin)).catch(() => log.error({}, 'the refused PIN could not be remembered: a restart would try it again'));
    throw error;
  }
}

const memory = <T>(answer: Promise<T>): Promise<T> =>
  bounded(answer, MEMORY_TIMEOUT_MS, () => new HsmError('retryable', 'UNAVAILABLE', 'the memory of refused PINs does not answer'));
