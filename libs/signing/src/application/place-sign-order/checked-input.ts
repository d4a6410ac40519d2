import { createHash } from 'node:crypto';
import { DomainError, invalid } from '#kernel/domain-error.js';
import { hashOf, maxSignatureBytes } from '#keys/contract.js';
import type { Algorithm } from '#keys/contract.js';
import { MAX_APPEND_BYTES } from '#eventing/event-store.port.js';
import type { SignatureFormat, SignedInput } from '#operations/contract.js';
import type { SignRequest } from './place-sign-order.command.js';

/** An EdDSA message travels in the event itself (rule 5). */
export const MAX_EDDSA_MESSAGE_BYTES = 256 * 1024;
/** What `started` and the outcome hold beside digests and signatures. */
const FRAME_BYTES = 20_000;

export interface CheckedInput {
  readonly input: SignedInput;
  /** What is compared with a binding: digests of the key's hash, for EdDSA the SHA-256 of the message. */
  readonly digests: readonly string[];
  readonly format: SignatureFormat;
  readonly count: number;
}

/**
 * The input as this key signs it. `data` is hashed here; EdDSA signs the message itself.
 * @throws DomainError VALIDATION_FAILED (another hash than the key's, raw for what is not ECDSA), PAYLOAD_TOO_LARGE
 */
export function checkedInput(request: SignRequest, algorithm: Algorithm): CheckedInput {
  const format = request.format ?? 'der';
  if (request.format !== null && !algorithm.startsWith('ES')) throw invalid({ path: '/signatureFormat', message: 'goes with ECDSA keys only' });
  const hash = hashOf(algorithm);
  if ('data' in request.input) {
    const message = Buffer.from(request.input.data, 'base64');
    if (hash !== undefined) return whole([digest(hash, message)], format, algorithm);
    if (message.length > MAX_EDDSA_MESSAGE_BYTES) throw new DomainError('PAYLOAD_TOO_LARGE', `an EdDSA message has at most ${MAX_EDDSA_MESSAGE_BYTES} bytes`);
    return { input: { message: request.input.data }, digests: [digest('SHA-256', message)], format, count: 1 };
  }
  if (hash === undefined) throw invalid({ path: '/digests', message: 'an EdDSA key signs data, not digests' });
  if (request.input.digestAlgorithm !== hash) throw invalid({ path: '/digestAlgorithm', message: `this key signs ${hash}` });
  return whole(request.input.digests, format, algorithm);
}

/** The largest outcome must fit one append, before anything is reserved (rule 5). */
function whole(digests: readonly string[], format: SignatureFormat, algorithm: Algorithm): CheckedInput {
  const each = Math.ceil(maxSignatureBytes(algorithm) / 3) * 4 + (digests[0]?.length ?? 0) + 6;
  if (FRAME_BYTES + digests.length * each > MAX_APPEND_BYTES) throw new DomainError('PAYLOAD_TOO_LARGE', 'the signatures of so many digests do not fit one order');
  return { input: { digests }, digests, format, count: digests.length };
}

const digest = (hash: string, message: Uint8Array): string => createHash(hash.replace('-', '').toLowerCase()).update(message).digest('base64');
