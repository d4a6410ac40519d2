import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { policySourceOf } from '#platform/http/fields/policy.field.js';
import { Input } from '#platform/http/parameters/caller.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { AnalysePolicyQuery } from '../../application/analyse-policy/analyse-policy.query.js';
import { AnalysePolicyDto } from './analyse-policy.dto.js';
import { ANALYSES, SATISFIABLE, UNSATISFIABLE } from './policies.examples.js';
import { AnalysisBody } from './policies.schema.js';

@Controller()
export class PolicyAnalysisController {
  constructor(private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'analysePolicy', method: 'POST', path: '/v1/policies/analyse', tag: 'Policies', summary: 'Who could meet a policy, and with whom', access: 'any-role',
    description: 'Changes nothing. The requester and the excluded never count, nor does who is in a group that the policy excludes.',
    body: bodyOf(AnalysePolicyDto, ANALYSES),
    answers: [{ status: 200, description: 'The analysis', schema: ref(AnalysisBody), examples: { satisfiable: SATISFIABLE, 'not satisfiable': UNSATISFIABLE } }],
    problems: ['POLICY_UNSATISFIABLE'],
  })
  async analyse(@Input() { approvalPolicy, people, requester, excluded = [] }: AnalysePolicyDto): Promise<AnalysisBody> {
    const source = policySourceOf(approvalPolicy, '/approvalPolicy');
    const everybody = people.map(({ id, groups = [], roles = [] }) => ({ id, groups, roles }));
    return this.queries.execute(new AnalysePolicyQuery(source, { people: everybody, requester: requester ?? null, excluded }));
  }
}
