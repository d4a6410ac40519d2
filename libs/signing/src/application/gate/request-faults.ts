import { requestStatement, policiesDigest } from '#operations/contract.js';
import type { OperationState } from '#operations/contract.js';
import { blocker } from '../../domain/sign-order/blocker.js';
import type { Blocker } from '../../domain/sign-order/blocker.js';

type Request = NonNullable<OperationState['request']>;

/** What was found of a request depends on nothing else: it is looked at once while it is in memory. */
const found = new WeakMap<Request, { readonly operationId: string; readonly deployment: string; readonly blockers: readonly Blocker[] }>();

/** Whether what is stored of a request is exactly what its statement says, which is what approvers saw: what they read is what is executed (rule 21). */
export function requestFaults(request: Request, operationId: string, deployment: string): readonly Blocker[] {
  const known = found.get(request);
  if (known?.operationId === operationId && known.deployment === deployment) return known.blockers;
  const detail = faultOf(request, operationId, deployment);
  const blockers = detail === undefined ? [] : [blocker('POLICY_TAMPERED', detail)];
  found.set(request, { operationId, deployment, blockers });
  return blockers;
}

function faultOf(request: Request, operationId: string, deployment: string): string | undefined {
  if (request.operationId !== operationId) return 'the request is one of another operation';
  try {
    const { personal, requestedBy, grants = [] } = request;
    const { issuer, subject } = requestedBy;
    const emergency = request.emergency === true ? personal.emergencyReason ?? '' : null;
    const { statement, digest } = requestStatement({ ...request, deployment, requestedBy: { issuer, subject, name: personal.name, claims: personal.claims }, grants, emergency });
    if (statement !== personal.statement) return 'what is stored of the request is not what its statement says';
    if (digest !== request.requestDigest) return 'the digest of the request is not that of its statement';
    if (request.policyDigest !== undefined && request.policyDigest !== policiesDigest(request.keyUsages, grants)) return 'the digest of the policies is not that of the policies';
    return undefined;
  } catch {
    return 'the request can not be read';
  }
}

/** What signed decisions have to name. */
export const policyDigestOf = (request: Request): string => request.policyDigest ?? policiesDigest(request.keyUsages, request.grants ?? []);
