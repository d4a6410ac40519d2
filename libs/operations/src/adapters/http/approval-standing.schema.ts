import { Member, Named, listOf, ref } from '#platform/http/schema/json-schema.js';
import { POLICY_ANSWER, policyView } from '#platform/http/schema/policy.schema.js';
import type { PolicyView } from '#platform/http/schema/policy.schema.js';
import { POLICY_STANDING, standingView } from '#platform/http/schema/standing.schema.js';
import type { StandingView } from '#platform/http/schema/standing.schema.js';
import { COUNT, UUID } from '#platform/http/schema/texts.js';
import type { PrincipalView } from '#identity/contract.js';
import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { ApprovalStanding } from '../../application/approval-standing/approval-standing.query.js';
import type { OperationViewState } from '../../application/operation-view.js';
import { OPERATION_STATES } from './operation.schema.js';

@Named('ResourceStanding')
export class ResourceStandingBody {
  @Member({ type: 'string', description: 'A keyId, or what a grant names' }) readonly resource: string;
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean' }) readonly met: boolean;
  @Member(COUNT) readonly missing: number;
  @Member(POLICY_STANDING) readonly tree: StandingView;
}

@Named('ApprovalStanding', 'How an operation stands with each of its policies')
export class ApprovalStandingBody {
  @Member(UUID) readonly operationId: string;
  @Member({ type: 'string', enum: OPERATION_STATES }) readonly state: OperationViewState;
  @Member(listOf(ref(ResourceStandingBody))) readonly approvals: readonly ResourceStandingBody[];
}

export function approvalStandingBody({ operationId, state, approvals, approvers }: ApprovalStanding): ApprovalStandingBody {
  const approver = (account: Actor): PrincipalView => approvers.find((a) => sameActor(a, account)) ?? candidate(account);
  // Of whom nothing but an account is known, no name is told.
  const candidate = ({ issuer, subject }: Actor): PrincipalView => ({ issuer, subject, name: null, claims: {} });
  return { operationId, state, approvals: approvals.map(({ resource, policy, met, missing, tree }) => ({ resource, policy: policyView(policy), met, missing, tree: standingView(tree, approver, candidate) })) };
}

const person = (subject: string, name: string | null): PrincipalView => ({ issuer: 'https://idp.example', subject, name, claims: {} });
export const EXAMPLE_STANDING: ApprovalStandingBody = {
  operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e', state: 'pending',
  approvals: [{
    resource: 'fw-prod', policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' }, met: false, missing: 1,
    tree: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver', met: false, open: true, filledBy: [person('ana', 'Ana')], could: [person('ben', null)] },
  }],
};
