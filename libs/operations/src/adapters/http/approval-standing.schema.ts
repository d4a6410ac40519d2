import { Member, Named, defineSchema, listOf, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { POLICY_ANSWER, policyView } from '#platform/http/schema/policy.schema.js';
import type { PolicyView } from '#platform/http/schema/policy.schema.js';
import { COUNT, UUID } from '#platform/http/schema/texts.js';
import type { Actor } from '#kernel/actor.js';
import type { ApprovalStanding, Standing } from '../../application/approval-standing/approval-standing.query.js';
import type { OperationViewState } from '../../application/operation-view.js';
import { OPERATION_STATES } from './operation.schema.js';

/** A node with how it stands. */
export interface NodeView {
  readonly type: string;
  readonly count?: number;
  readonly group?: string;
  readonly role?: string;
  readonly k?: number;
  readonly weights?: readonly number[];
  readonly met: boolean;
  readonly open: boolean;
  readonly filledBy: readonly Actor[];
  readonly could: readonly Actor[];
  readonly of?: readonly NodeView[];
}

const TEXT = { type: 'string' };
const ACTORS = listOf(ref(ActorBody));
const NODE = defineSchema('ApprovalNode', {
  type: 'object',
  description: 'A node of a policy: whether it is met, whether its turn has come, who fills it, and who could still',
  properties: {
    type: TEXT, count: COUNT, group: TEXT, role: TEXT, k: COUNT, weights: listOf(COUNT), met: { type: 'boolean' }, open: { type: 'boolean' }, filledBy: ACTORS, could: ACTORS,
    of: listOf({ $ref: '#/components/schemas/ApprovalNode' }),
  },
  required: ['type', 'met', 'open', 'filledBy', 'could'],
});

@Named('PolicyStanding')
export class PolicyStandingBody {
  @Member({ ...TEXT, description: 'A keyId, or what a grant names' }) readonly resource: string;
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean' }) readonly met: boolean;
  @Member(COUNT) readonly missing: number;
  @Member(NODE) readonly tree: NodeView;
}

@Named('ApprovalStanding', 'How an operation stands with each of its policies')
export class ApprovalStandingBody {
  @Member(UUID) readonly operationId: string;
  @Member({ type: 'string', enum: OPERATION_STATES }) readonly state: OperationViewState;
  @Member(listOf(ref(PolicyStandingBody))) readonly approvals: readonly PolicyStandingBody[];
}

const actor = ({ issuer, subject }: Actor): Actor => ({ issuer, subject });

function nodeView({ node, met, open, filledBy, could, of }: Standing): NodeView {
  const standing = { met, open, filledBy: filledBy.map(actor), could: could.map(actor) };
  switch (node.type) {
    case 'none':
      return { type: node.type, ...standing };
    case 'approvers':
      return { type: node.type, count: node.count, ...(node.group === null ? {} : { group: node.group }), role: node.role, ...standing };
    case 'threshold':
      return { type: node.type, k: node.k, ...(node.weights === null ? {} : { weights: node.weights }), ...standing, of: of.map(nodeView) };
    default:
      return { type: node.type, ...standing, of: of.map(nodeView) };
  }
}

export const approvalStandingBody = ({ operationId, state, approvals }: ApprovalStanding): ApprovalStandingBody => ({
  operationId, state, approvals: approvals.map(({ resource, policy, met, missing, tree }) => ({ resource, policy: policyView(policy), met, missing, tree: nodeView(tree) })),
});

const ANA = { issuer: 'https://idp.example', subject: 'ana' };
const BEN = { issuer: 'https://idp.example', subject: 'ben' };
export const EXAMPLE_STANDING: ApprovalStandingBody = {
  operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e', state: 'pending',
  approvals: [{
    resource: 'fw-prod', policy: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver' }, met: false, missing: 1,
    tree: { type: 'approvers', count: 2, group: 'firmware-approvers', role: 'approver', met: false, open: true, filledBy: [ANA], could: [BEN] },
  }],
};
