import { InstantField } from '#platform/http/fields/text.field.js';
import { Member, Named, listOf } from '#platform/http/schema/json-schema.js';
import { ActorBody } from '#platform/http/schema/people.schema.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { COUNT, INSTANT } from '#platform/http/schema/texts.js';
import type { ApproverPair } from '../../application/ports/approver-pairs.port.js';

@Named('ApproverPairsQuery')
export class ApproverPairsDto {
  @InstantField({ optional: true, description: 'Approved from then on' }) readonly from?: string;
  @InstantField({ optional: true, description: 'Approved before' }) readonly to?: string;
}

@Named('ApproverPairs', 'Who approved for whom, the most frequent first; up to 1,000 pairs')
export class ApproverPairsBody {
  @Member(listOf({ type: 'object', properties: { requester: ref(ActorBody), approver: ref(ActorBody), approvals: COUNT, lastAt: INSTANT }, required: ['requester', 'approver', 'approvals', 'lastAt'] })) readonly items: readonly ApproverPair[];
}

export const EXAMPLE_PAIRS: ApproverPairsBody = { items: [{ requester: { issuer: 'https://idp.example', subject: 'orderer1' }, approver: { issuer: 'https://idp.example', subject: 'ana' }, approvals: 41, lastAt: '2026-11-20T11:59:41.007Z' }] };
