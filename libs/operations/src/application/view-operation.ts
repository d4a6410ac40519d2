import type { Instant } from '#kernel/clock.js';
import type { PrincipalView } from '#identity/contract.js';
import type { OperationState, StandingDecision } from '../domain/operation/state.js';
import { quorumOf, statusAt } from '../domain/operation/status.js';
import type { OperationView } from './operation-view.js';

/** The operation as it stands at `now`; undefined while there is none. */
export function viewOperation(state: OperationState, revision: number, now: Instant): OperationView | undefined {
  const { request } = state;
  const status = statusAt(state, now);
  if (request === null || status === 'absent') return undefined;
  const quorum = new Map(quorumOf(state).map((q) => [q.keyId, q.verdict]));
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
      approval: { policy: g.policy, ...(quorum.get(g.keyId) ?? { met: false, missing: 0 }) },
    })),
    decisions: state.decisions.map((d) => ({ decision: d.decision, by: decider(d), at: d.at, comment: d.comment })),
    revision,
  };
}

const decider = (d: StandingDecision): PrincipalView => ({ issuer: d.by.issuer, subject: d.by.subject, name: d.name, claims: d.claims });
