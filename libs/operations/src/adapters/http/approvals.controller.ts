import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { invalid } from '#kernel/domain-error.js';
import { parsePolicySource, unsatisfiable } from '#policies/contract.js';
import type { PolicySource } from '#policies/contract.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { instantOf } from '#platform/http/instant.js';
import { Input } from '#platform/http/parameters/caller.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { SimulatePolicyQuery } from '../../application/simulate-policy/simulate-policy.query.js';
import { EXAMPLE_SIMULATION, SimulatePolicyDto, SimulationBody } from './simulate-policy.dto.js';

@Controller()
export class ApprovalsController {
  constructor(private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'simulatePolicy', method: 'POST', path: '/v1/policies/simulate', tag: 'Policies', summary: 'Try a policy on past operations', access: ['auditor', 'administrator'], status: 200,
    description: 'Replays the decisions of past operations under another policy and lists those whose outcome would change.',
    body: bodyOf(SimulatePolicyDto, { 'three instead of two': { approvalPolicy: { type: 'approvers', count: 3, group: 'firmware-approvers' }, keyId: 'fw-prod' } }),
    answers: [{ status: 200, description: 'What would change', schema: ref(SimulationBody), examples: { one: EXAMPLE_SIMULATION } }],
    problems: ['POLICY_NOT_FOUND', 'POLICY_UNSATISFIABLE'],
  })
  simulate(@Input() body: SimulatePolicyDto): Promise<SimulationBody> {
    const { keyId = null, from, to } = body;
    return this.queries.execute(new SimulatePolicyQuery(sourceOf(body.approvalPolicy), keyId, from === undefined ? null : (instantOf(from) ?? from), to === undefined ? null : (instantOf(to) ?? to)));
  }
}

function sourceOf(document: unknown): PolicySource {
  const read = parsePolicySource(document, '/approvalPolicy');
  if ('faults' in read) throw invalid(...read.faults);
  if ('unsatisfiable' in read) throw unsatisfiable(read.unsatisfiable);
  return read.source;
}
