import { Member, Named, listOf, orNull, ref } from '#platform/http/schema/json-schema.js';
import { ActorBody, PrincipalBody } from '#platform/http/schema/people.schema.js';
import { POLICY_ANSWER, policyView } from '#platform/http/schema/policy.schema.js';
import type { PolicyView } from '#platform/http/schema/policy.schema.js';
import { BASE64, COUNT, INSTANT, KEY_ID, TEXT, UUID } from '#platform/http/schema/texts.js';
import type { PinnedPolicy } from '#policies/contract.js';
import type { DecisionView, OperationView, OperationViewState } from '../../application/operation-view.js';
import type { RevocationView } from '../../application/revoke-operation/revoke-operation.command.js';

export const OPERATION_STATES: readonly OperationViewState[] = ['pending', 'approved', 'rejected', 'revoked', 'expired', 'exhausted'];

const DEMAND = { type: 'object', properties: { level: { type: 'string' }, name: { type: 'string' }, version: { type: 'integer' }, policy: POLICY_ANSWER }, required: ['policy'] };
interface DemandView {
  readonly level?: string;
  readonly name?: string;
  readonly version?: number;
  readonly policy: PolicyView;
}
const PROOF_VIEW = { type: 'object', properties: { type: { type: 'string', enum: ['jws', 'webauthn'] }, credentialId: { type: 'string' } }, required: ['type', 'credentialId'] };

@Named('KeyApproval')
export class KeyApprovalBody {
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean' }) readonly met: boolean;
  @Member({ ...COUNT, description: 'How many more different people are needed at least' }) readonly missing: number;
  @Member({ type: 'string', description: 'Of a policy that has a name' }, { optional: true }) readonly name?: string;
  @Member({ type: 'integer', minimum: 1, description: 'The version that is pinned' }, { optional: true }) readonly version?: number;
  @Member(listOf(DEMAND, { description: 'What the key’s assurance level and those below it ask for as well; each is met on its own' }), { optional: true }) readonly demands?: readonly DemandView[];
}

@Named('GrantApproval')
export class GrantApprovalBody {
  @Member(POLICY_ANSWER) readonly policy: PolicyView;
  @Member({ type: 'boolean' }) readonly met: boolean;
  @Member(COUNT) readonly missing: number;
}

@Named('Grant', 'Something other than a key’s use that the operation allows')
export class GrantBody {
  @Member({ type: 'string' }) readonly action: string;
  @Member({ type: 'string' }) readonly resource: string;
  @Member(ref(GrantApprovalBody)) readonly approval: GrantApprovalBody;
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
  @Member({ ...PROOF_VIEW, description: 'With what it is signed; absent: by the token alone' }, { optional: true }) readonly proof?: NonNullable<DecisionView['proof']>;
  @Member({ ...ref(ActorBody), description: 'In whose name a deputy decided' }, { optional: true }) readonly onBehalfOf?: ActorBody;
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
  @Member(listOf(ref(GrantBody)), { optional: true }) readonly grants?: readonly GrantBody[];
  @Member({ ...BASE64, description: 'What signed decisions name of the policies' }, { optional: true }) readonly policyDigest?: string;
  @Member({ type: 'object', properties: { reason: TEXT }, required: ['reason'], description: 'The emergency paths of the policies are taken' }, { optional: true }) readonly emergency?: { readonly reason: string };
  @Member(listOf(ref(DecisionBody))) readonly decisions: readonly DecisionBody[];
  @Member(COUNT) readonly revision: number;
}

@Named('RevokedOperation', 'An operation that was revoked just now')
export class RevokedOperationBody extends OperationBody {
  @Member(listOf(UUID, { description: 'Sign orders that had started before it and had no end then: they may still sign' })) readonly inFlight: readonly string[];
}

/** An operation as answers show it: the view, with policies in the form that requests take too. */
export function operationBody({ grants, keyUsages, ...view }: OperationView): OperationBody {
  return {
    ...view,
    keyUsages: keyUsages.map(({ approval: { demands, ...approval }, ...usage }) => ({
      ...usage,
      approval: { ...approval, policy: policyView(approval.policy), ...(demands === undefined ? {} : { demands: demands.map(demandView) }) },
    })),
    ...(grants === undefined ? {} : { grants: grants.map((g) => ({ ...g, approval: { ...g.approval, policy: policyView(g.approval.policy) } })) }),
  };
}

const demandView = ({ level, name, version, policy }: PinnedPolicy): DemandView => ({
  ...(level === null ? {} : { level }), ...(name === null ? {} : { name }), ...(version === null ? {} : { version }), policy: policyView(policy),
});

export const revokedOperationBody = (view: RevocationView): RevokedOperationBody => ({ ...operationBody(view), inFlight: view.inFlight });
