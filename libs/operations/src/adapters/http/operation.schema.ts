import { Member, Named, listOf, orNull, ref } from '#platform/http/schema/json-schema.js';
import { PrincipalBody } from '#platform/http/schema/people.schema.js';
import { POLICY_ANSWER, policyView } from '#platform/http/schema/policy.schema.js';
import type { PolicyView } from '#platform/http/schema/policy.schema.js';
import { BASE64, COUNT, INSTANT, KEY_ID, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { OperationView, OperationViewState } from '../../application/operation-view.js';
import type { RevocationView } from '../../application/revoke-operation/revoke-operation.command.js';

export const OPERATION_STATES: readonly OperationViewState[] = ['pending', 'approved', 'rejected', 'revoked', 'expired', 'exhausted'];

@Named('KeyApproval')
export class KeyApprovalBody {
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean' }) readonly met: boolean;
  @Member({ ...COUNT, description: 'How many more different people are needed at least' }) readonly missing: number;
}

@Named('KeyUsage')
export class KeyUsageBody {
  @Member(KEY_ID) readonly keyId: string;
  @Member({ ...COUNT, minimum: 1 }) readonly maxUsageCount: number;
  @Member({ ...COUNT, description: 'Spent or reserved' }) readonly usedCount: number;
  @Member(COUNT) readonly remainingCount: number;
  @Member(ref(KeyApprovalBody)) readonly approval: KeyApprovalBody;
}

@Named('Decision')
export class DecisionBody {
  @Member({ type: 'string', enum: ['approve', 'reject'] }) readonly decision: 'approve' | 'reject';
  @Member(ref(PrincipalBody)) readonly by: PrincipalBody;
  @Member(INSTANT) readonly at: string;
  @Member(orNull(TEXT)) readonly comment: string | null;
}

@Named('Binding')
export class BindingBody {
  @Member(listOf(BASE64)) readonly digests: readonly string[];
}

@Named('Operation', 'One request for authority: which keys, how often, from when until when')
export class OperationBody {
  @Member(UUID) readonly operationId: string;
  @Member({ type: 'string', enum: OPERATION_STATES }) readonly state: OperationViewState;
  @Member(ref(PrincipalBody)) readonly requestedBy: PrincipalBody;
  @Member(INSTANT) readonly requestedAt: string;
  @Member(INSTANT) readonly notBefore: string;
  @Member({ ...INSTANT, description: 'From then on, it is expired' }) readonly expiresAt: string;
  @Member(TEXT) readonly description: string;
  @Member(orNull(TEXT)) readonly approverContext: string | null;
  @Member(orNull(ref(BindingBody))) readonly binding: BindingBody | null;
  @Member({ ...BASE64, description: 'base64 SHA-256 of the UTF-8 bytes of requestStatement: what a decision is over' }) readonly requestDigest: string;
  @Member({ type: 'string', description: 'RFC 8785 JSON of what is asked' }) readonly requestStatement: string;
  @Member(listOf(ref(KeyUsageBody))) readonly keyUsages: readonly KeyUsageBody[];
  @Member(listOf(ref(DecisionBody))) readonly decisions: readonly DecisionBody[];
  @Member(COUNT) readonly revision: number;
}

@Named('RevokedOperation', 'An operation that was revoked just now')
export class RevokedOperationBody extends OperationBody {
  @Member(listOf(UUID, { description: 'Sign orders that had started before it and had no end then: they may still sign' })) readonly inFlight: readonly string[];
}

/** An operation as answers show it: the view, with policies in the form that requests take too. */
export const operationBody = (view: OperationView): OperationBody => ({
  ...view,
  keyUsages: view.keyUsages.map((usage) => ({ ...usage, approval: { ...usage.approval, policy: policyView(usage.approval.policy) } })),
});
export const revokedOperationBody = (view: RevocationView): RevokedOperationBody => ({ ...operationBody(view), inFlight: view.inFlight });
