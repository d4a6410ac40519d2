import { Controller } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { invalid } from '#kernel/domain-error.js';
import { parsePolicySource, unsatisfiable } from '#policies/contract.js';
import type { PolicySource } from '#policies/contract.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { instantOf } from '#platform/http/instant.js';
import type { Principal } from '#identity/contract.js';
import { Caller, Filter, Input } from '#platform/http/parameters/caller.decorator.js';
import { OperationId } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { ApprovalStandingQuery } from '../../application/approval-standing/approval-standing.query.js';
import { ApproverPairsQuery } from '../../application/approver-pairs/approver-pairs.query.js';
import { SimulatePolicyQuery } from '../../application/simulate-policy/simulate-policy.query.js';
import { approvalStandingBody, ApprovalStandingBody, EXAMPLE_STANDING } from './approval-standing.schema.js';
import { ApproverPairsBody, ApproverPairsDto, EXAMPLE_PAIRS } from './approver-pairs.dto.js';
import { EXAMPLE_SIMULATION, SimulatePolicyDto, SimulationBody } from './simulate-policy.dto.js';

const instant = (text: string | undefined): string | null => (text === undefined ? null : (instantOf(text) ?? text));

@Controller()
export class ApprovalsController {
  constructor(private readonly queries: QueryBus) {}

  @Endpoint({
    id: 'readApproval', method: 'GET', path: '/v1/operations/:operationId/approval', tag: 'Approvals', summary: 'See how an operation stands with its policies', access: 'any-role',
    description: 'Each policy as a tree, with who fills each node and who could still. As for the operation.',
    answers: [{ status: 200, description: 'How it stands', schema: ref(ApprovalStandingBody), examples: { 'one of two': EXAMPLE_STANDING } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION'],
  })
  async standing(@Caller() caller: Principal, @OperationId() id: string): Promise<ApprovalStandingBody> {
    return approvalStandingBody(await this.queries.execute(new ApprovalStandingQuery(caller, id)));
  }

  @Endpoint({
    id: 'reportApproverPairs', method: 'GET', path: '/v1/reports/approver-pairs', tag: 'Reports', summary: 'See who approves for whom', access: 'auditor', query: ApproverPairsDto,
    answers: [{ status: 200, description: 'Pairs of people', schema: ref(ApproverPairsBody), examples: { one: EXAMPLE_PAIRS } }],
  })
  pairs(@Filter() { from, to }: ApproverPairsDto): Promise<ApproverPairsBody> {
    return this.queries.execute(new ApproverPairsQuery(instant(from), instant(to)));
  }

  @Endpoint({
    id: 'simulatePolicy', method: 'POST', path: '/v1/policies/simulate', tag: 'Policies', summary: 'Try a policy on past operations', access: 'auditor-or-administrator',
    description: 'Replays the decisions of past operations under another policy and lists those whose outcome would change.',
    body: bodyOf(SimulatePolicyDto, { 'three instead of two': { approvalPolicy: { type: 'approvers', count: 3, group: 'firmware-approvers' }, keyId: 'fw-prod' } }),
    answers: [{ status: 200, description: 'What would change', schema: ref(SimulationBody), examples: { one: EXAMPLE_SIMULATION } }],
    problems: ['POLICY_NOT_FOUND', 'POLICY_UNSATISFIABLE'],
  })
  simulate(@Input() body: SimulatePolicyDto): Promise<SimulationBody> {
    const { keyId = null, from, to } = body;
    return this.queries.execute(new SimulatePolicyQuery(sourceOf(body.approvalPolicy), keyId, instant(from), instant(to)));
  }
}

function sourceOf(document: unknown): PolicySource {
  const read = parsePolicySource(document, '/approvalPolicy');
  if ('faults' in read) throw invalid(...read.faults);
  if ('unsatisfiable' in read) throw unsatisfiable(read.unsatisfiable);
  return read.source;
}
