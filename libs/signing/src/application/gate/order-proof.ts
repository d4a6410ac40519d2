import { commandIdOf } from '#eventing/command-id.js';
import { derivedId } from '#eventing/ids.js';
import { kidOf, orderStatement } from '#identity/contract.js';
import type { OperationState } from '#operations/contract.js';
import { asksProof, optionsOf } from '#policies/contract.js';
import type { Policy, ProofKind } from '#policies/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';
import type { OpenOrder } from '../sign/open-order.js';
import type { CheckedProofs } from './checked-proofs.js';
import type { Plane } from './plane.js';

/** Rule 20: whether an order has to be its orderer's, provably. A bound operation signs its own digests alone. */
export const asksOrderProof = (request: NonNullable<OperationState['request']>, policies: readonly Policy[], minimum: ProofKind): boolean =>
  request.binding === null && policies.some((policy) => asksProof(policy, minimum) && !optionsOf(policy).allowUnprovenOrders);

/**
 * Why this order is not provably its orderer's; undefined: it is. What he signed names operation, key and digests, and the Idempotency-Key from which the order's id follows (rule 3):
 * the same signature makes no second order. Never throws.
 */
export async function orderFault(order: OpenOrder, request: NonNullable<OperationState['request']>, plane: Plane, proofs: CheckedProofs): Promise<Blocker | undefined> {
  const { proof, operationId, keyId, digests, signOrderId } = order;
  if (proof === undefined) return blocker('PROOF_INVALID', 'the order is not signed by its orderer', 'orderer');
  const credential = plane.directory.credential(kidOf(proof.jws) ?? '');
  if (credential === undefined) return blocker('CREDENTIAL_NOT_ACTIVE', 'the credential of the order is not known', 'orderer');
  const { requestedBy } = request;
  if (plane.directory.personOf(credential.owner) !== plane.directory.personOf(requestedBy)) return blocker('PROOF_INVALID', 'the order is signed by somebody else than its orderer', 'orderer');
  if (credential.status !== 'active') return blocker('CREDENTIAL_NOT_ACTIVE', `the credential of the order is ${credential.status}`, 'orderer');
  if (plane.directory.isSuspended(requestedBy)) return blocker('NOT_ELIGIBLE', 'the orderer is suspended', 'administrators');
  const verdict = await proofs.order(proof, credential, plane.relying);
  if ('fault' in verdict) return blocker('PROOF_INVALID', `the order: ${verdict.fault.detail}`, 'orderer');
  const { idempotencyKey } = proof;
  if (verdict.payload !== orderStatement({ operationId, requestDigest: request.requestDigest, idempotencyKey, keyId, digests })) return blocker('BINDING_MISMATCH', 'what the orderer signed is another order');
  const commandId = commandIdOf({ issuer: requestedBy.issuer, subject: requestedBy.subject, method: 'POST', path: `/v1/operations/${operationId}/sign-orders`, key: idempotencyKey });
  return derivedId('sign-order', commandId) === signOrderId ? undefined : blocker('BINDING_MISMATCH', 'the order is not the one that its orderer signed: its id is of another Idempotency-Key');
}
