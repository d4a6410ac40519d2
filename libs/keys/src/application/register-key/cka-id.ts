import { createHash } from 'node:crypto';
import type { KeyRegistration } from './register-key.command.js';

const CKA_ID_BYTES = 20;

/**
 * CKA_ID of the pair that a registration asks for, lower-case hex: the same command for the same pair finds what an earlier attempt of it made (rule 15).
 * The kind of pair is part of it, since an Idempotency-Key may come again with another body after a failure.
 */
export function ckaIdOf(commandId: string, { keyId, algorithm, modulusBits, adopt }: KeyRegistration): string {
  const wanted = JSON.stringify([commandId, keyId, algorithm, modulusBits, adopt === null ? null : [adopt.label, adopt.idHex]]);
  return createHash('sha256').update(wanted).digest().subarray(0, CKA_ID_BYTES).toString('hex');
}
