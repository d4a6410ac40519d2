import { parseDecisionProof } from '#identity/contract.js';
import { Field, OK } from '#platform/http/fields/field.js';
import { Base64Field, OneOfField, TextField } from '#platform/http/fields/text.field.js';
import { DECISION_PROOF } from './decision-proof.schema.js';
import { Named } from '#platform/http/schema/json-schema.js';

@Named('DecisionRequest')
export class DecideOperationDto {
  @OneOfField(['approve', 'reject']) readonly decision: 'approve' | 'reject';
  // Any length that a digest may have: one that is not the operation's is a mismatch, and that is on record.
  @Base64Field(64, { description: '`requestDigest` of the operation that was read' }) readonly requestDigest: string;
  @TextField(0, 2000, { optional: true }) readonly comment?: string;
  @Field({
    check: (value) => {
      const parsed = parseDecisionProof(value, '');
      return 'faults' in parsed ? parsed.faults : OK;
    },
    schema: DECISION_PROOF,
    optional: true,
  })
  readonly proof?: unknown;
}

@Named('DecisionChallengeRequest')
export class ChallengeDecisionDto {
  @OneOfField(['approve', 'reject']) readonly decision: 'approve' | 'reject';
  @TextField(1, 200, { optional: true, description: 'Left out: any active credential of the caller’s' }) readonly credentialId?: string;
}

@Named('RevocationRequest')
export class RevokeOperationDto {
  @TextField(1, 2000) readonly reason: string;
}
