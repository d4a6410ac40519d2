import { HsmError } from '../../application/ports/hsm.port.js';
import { classify } from './classify.js';
import type { FaultReach } from './classify.js';

/** A PKCS#11 call that failed, with its classification. `code` is 0 where the binding failed without a CK_RV. */
export class CryptokiError extends HsmError {
  readonly reach: FaultReach;
  constructor(readonly functionName: string, readonly code: number, codeName: string) {
    const { errorClass, reason, reach } = classify(functionName, code);
    super(errorClass, reason, `${functionName}: ${codeName} (0x${code.toString(16)})`);
    this.reach = reach;
  }
}

/** pkcs11js throws errors with a numeric `code` and the CKR name as message; its own mistakes have no code. */
export function toCryptokiError(functionName: string, thrown: unknown): CryptokiError {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'number' ? thrown.code : 0;
  return new CryptokiError(functionName, code, thrown instanceof Error ? thrown.message : 'unknown failure');
}
