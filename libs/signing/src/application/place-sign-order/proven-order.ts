import { DomainError, invalid } from '#kernel/domain-error.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import { orderStatement } from '#identity/contract.js';
import type { Directory, ProofVerifier } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';
import type { OperationState, UsesReserved } from '#operations/contract.js';
import { asksOrderProof } from '../gate/order-proof.js';
import { requireSigned } from '../own-statement.js';
import type { SignRequest } from './place-sign-order.command.js';

interface OfferedOrder {
  readonly meta: CommandMeta;
  readonly operationId: string;
  readonly request: SignRequest;
  /** That the key's use is under: as they were pinned, and as they are in force. */
  readonly policies: readonly Policy[];
  /** As a binding names them. */
  readonly digests: readonly string[];
  readonly state: OperationState;
}

/**
 * The orderer's own signature over the order, verified; undefined where there is none and none is asked for. Or why it is none: PROOF_REQUIRED, PROOF_INVALID, CREDENTIAL_NOT_ACTIVE.
 * @throws DomainError VALIDATION_FAILED (no Idempotency-Key)
 */
export async function provenOrder({ meta, operationId, request, policies, digests, state }: OfferedOrder, directory: Directory, verifier: ProofVerifier): Promise<UsesReserved['data']['proof'] | DomainError> {
  if (request.proof === undefined) {
    const asked = state.request !== null && asksOrderProof(state.request, policies, 'token');
    return asked ? new DomainError('PROOF_REQUIRED', 'a policy of this key asks for orders that are signed, or for an operation that is bound to digests') : undefined;
  }
  const { idempotencyKey } = meta;
  if (idempotencyKey === undefined) throw invalid({ path: 'Idempotency-Key', message: 'is required with a proof: it is part of what is signed' });
  const stated = orderStatement({ operationId, requestDigest: state.request?.requestDigest ?? '', idempotencyKey, keyId: request.keyId, digests });
  try {
    await requireSigned(request.proof, stated, 'order', meta.actor, directory, verifier);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  return { jws: request.proof, idempotencyKey };
}
