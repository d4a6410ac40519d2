import type { Instant } from '#kernel/clock.js';
import type { Directory, PrincipalView } from '#identity/contract.js';
import type { OperationState, StandingDecision } from '../domain/operation/state.js';
import { grantQuorumOf, quorumOf, statusAt } from '../domain/operation/status.js';
import type { OperationView } from './operation-view.js';

/** The operation as it stands at `now`; undefined while there is none. */
export function viewOperation(state: OperationState, revision: number, now: Instant, directory: Directory): OperationView | undefined {
  const { request } = state;
  const status = statusAt(state, now);
  if (request === null || status === 'absent') return undefined;
  const granted = grantQuorumOf(state, now, directory);
  const quorum = new Map(quorumOf(state, now, directory).map((q) => [q.keyId, q.verdict]));
  return {
    operationId: request.operationId,
    state: status,
    requestedBy: { ...request.requestedBy, name: request.personal.name, claims: request.personal.claims },
    requestedAt: request.requestedAt,
    notBefore: request.notBefore,
    expiresAt: request.expiresAt,
    description: request.description,
    approverContext: request.approverContext,
    binding: request.binding,
    requestDigest: request.requestDigest,
    requestStatement: request.personal.statement,
    keyUsages: state.grants.map((g) => ({
      keyId: g.keyId,
      maxUsageCount: g.maxUsageCount,
      usedCount: g.reserved + g.spent,
      remainingCount: g.maxUsageCount - g.reserved - g.spent,
      approval: { policy: g.policy, ...(quorum.get(g.keyId) ?? { met: false, missing: 0 }), ...(g.policyName === undefined ? {} : { name: g.policyName }), ...(g.policyVersion === undefined ? {} : { version: g.policyVersion }), ...(g.demands === undefined ? {} : { demands: g.demands }) },
    })),
    ...(request.grants === undefined ? {} : { grants: request.grants.map(({ action, resource, policy }, i) => ({ action, resource, approval: { policy, ...(granted[i] ?? { met: false, missing: 0 }) } })) }),
    ...(request.policyDigest === undefined ? {} : { policyDigest: request.policyDigest }),
    ...(request.emergency === true ? { emergency: { reason: request.personal.emergencyReason ?? '' } } : {}),
    decisions: state.decisions.map((d) => ({
      decision: d.decision, by: decider(d), at: d.at, comment: d.comment,
      ...(d.proof === undefined ? {} : { proof: { type: d.proof.type, credentialId: d.proof.credentialId } }), ...(d.onBehalfOf === undefined ? {} : { onBehalfOf: d.onBehalfOf.principal }),
    })),
    revision,
  };
}

const decider = (d: StandingDecision): PrincipalView => ({ issuer: d.by.issuer, subject: d.by.subject, name: d.name, claims: d.claims });
