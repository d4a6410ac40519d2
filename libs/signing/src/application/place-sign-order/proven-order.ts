import { DomainError, invalid } from '#kernel/domain-error.js';
import type { CommandMeta } from '#eventing/command-meta.js';
import { orderStatement } from '#identity/contract.js';
import type { Directory, ProofVerifier } from '#identity/contract.js';
import { optionsOf } from '#policies/contract.js';
import { policiesOf } from '#operations/contract.js';
import type { GrantState, OperationState, UsesReserved } from '#operations/contract.js';
import { requireSigned } from '../own-statement.js';
import type { SignRequest } from './place-sign-order.command.js';

interface OfferedOrder {
  readonly meta: CommandMeta;
  readonly operationId: string;
  readonly request: SignRequest;
  readonly grant: GrantState;
  /** As a binding names them. */
  readonly digests: readonly string[];
  readonly state: OperationState;
}

/** Whether an order under this grant has to prove its orderer (rule 20): a policy asks for proofs, the operation is bound to nothing, and no policy of the key excuses it. */
export function asksForOrderProof(state: OperationState, grant: GrantState): boolean {
  const asking = policiesOf(grant).map(optionsOf).filter((o) => o.requiredProof !== 'token');
  return state.request?.binding === null && asking.some((o) => !o.allowUnprovenOrders);
}

/**
 * The orderer's own signature over the order, verified; undefined where there is none and none is asked for.
 * @throws DomainError PROOF_REQUIRED, PROOF_INVALID, CREDENTIAL_NOT_ACTIVE, VALIDATION_FAILED (no Idempotency-Key)
 */
export async function provenOrder({ meta, operationId, request, grant, digests, state }: OfferedOrder, directory: Directory, verifier: ProofVerifier): Promise<UsesReserved['data']['proof']> {
  if (request.proof === undefined) {
    if (asksForOrderProof(state, grant)) throw new DomainError('PROOF_REQUIRED', 'a policy of this key asks for orders that are signed, or for an operation that is bound to digests');
    return undefined;
  }
  const { idempotencyKey } = meta;
  if (idempotencyKey === undefined) throw invalid({ path: 'Idempotency-Key', message: 'is required with a proof: it is part of what is signed' });
  const stated = orderStatement({ operationId, requestDigest: state.request?.requestDigest ?? '', idempotencyKey, keyId: request.keyId, digests });
  await requireSigned(request.proof, stated, 'order', meta.actor, directory, verifier);
  return { jws: request.proof, idempotencyKey };
}
