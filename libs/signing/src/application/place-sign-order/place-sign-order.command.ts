import { Command } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import type { Principal } from '#identity/contract.js';
import type { HashName } from '#keys/contract.js';
import type { SignatureFormat } from '#operations/contract.js';
import type { SignOrderView } from '../sign-order-view.js';

/** `digests` are base64 and of one length each; `data` is base64 of the message. */
export interface SignRequest {
  readonly keyId: string;
  readonly input: { readonly digests: readonly string[]; readonly digestAlgorithm: HashName } | { readonly data: string };
  /** Null: the key's usual one (DER for ECDSA). */
  readonly format: SignatureFormat | null;
  /** Compact JWS of the orderer's credential over the order; left out: none. */
  readonly proof?: string;
}

/**
 * Reserves uses, then waits up to `waitMs` (0: not at all) for the outcome; the view is not final when the wait ended first.
 * @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION, OPERATION_… by state, USAGE_EXHAUSTED, KEY_UNKNOWN, KEY_DISABLED, DIGEST_NOT_BOUND,
 *   VALIDATION_FAILED, PAYLOAD_TOO_LARGE, RATE_LIMITED, HSM_UNAVAILABLE, IDEMPOTENCY_KEY_REUSED
 */
export class PlaceSignOrderCommand extends Command<SignOrderView> {
  constructor(readonly meta: CommandMeta, readonly caller: Principal, readonly operationId: string, readonly request: SignRequest, readonly waitMs: number) {
    super();
  }
}
