import { parsePolicySource } from '#policies/contract.js';
import { Field, OK } from '#platform/http/fields/field.js';
import { InstantField, KeyIdField } from '#platform/http/fields/text.field.js';
import { Member, Named, listOf } from '#platform/http/schema/json-schema.js';
import { POLICY_SOURCE_REQUEST } from '#platform/http/schema/policy.schema.js';
import { COUNT, UUID } from '#platform/http/schema/texts.js';
import type { Simulation } from '../../application/simulate-policy/simulate-policy.query.js';

@Named('SimulationRequest')
export class SimulatePolicyDto {
  @Field({
    check: (value) => {
      const read = parsePolicySource(value, '');
      return 'faults' in read ? read.faults : OK;
    },
    schema: POLICY_SOURCE_REQUEST,
  })
  readonly approvalPolicy: unknown;
  @KeyIdField({ optional: true, description: 'Left out: every key’s policy is taken for this one' }) readonly keyId?: string;
  @InstantField({ optional: true, description: 'Requested from then on' }) readonly from?: string;
  @InstantField({ optional: true, description: 'Requested before' }) readonly to?: string;
}

const OUTCOME = { type: 'string', enum: ['approved', 'rejected', 'pending'] };

@Named('Simulation', 'Past operations whose outcome would be another one')
export class SimulationBody implements Simulation {
  @Member(listOf({ type: 'object', properties: { operationId: UUID, was: OUTCOME, would: OUTCOME, missing: COUNT }, required: ['operationId', 'was', 'would', 'missing'] })) readonly items: Simulation['items'];
  @Member({ ...COUNT, description: 'Operations that were looked at' }) readonly examined: number;
  @Member({ type: 'boolean', description: 'There were more than are looked at, or told, at one time' }) readonly truncated: boolean;
}

export const EXAMPLE_SIMULATION: SimulationBody = { items: [{ operationId: '0d6f4c0e-8f0c-5a53-9a53-0b6c5d1f1f5e', was: 'approved', would: 'pending', missing: 1 }], examined: 812, truncated: false };
