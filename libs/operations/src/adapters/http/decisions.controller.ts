import { Controller, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import type { CommandMeta } from '#eventing/command-meta.js';
import { invalid } from '#kernel/domain-error.js';
import { parseDecisionProof } from '#identity/contract.js';
import type { DecisionProof, Principal } from '#identity/contract.js';
import { ChallengeDecisionCommand } from '../../application/challenge-decision/challenge-decision.command.js';
import { DecisionChallengeBody } from './decision-challenge.schema.js';
import { setRevision } from '#platform/http/answer-headers.js';
import type { Answer } from '#platform/http/answer-headers.js';
import { bodyOf } from '#platform/http/endpoint/endpoint-facts.js';
import { Endpoint } from '#platform/http/endpoint/endpoint.decorator.js';
import { Caller, Input, Meta } from '#platform/http/parameters/caller.decorator.js';
import { OperationId } from '#platform/http/parameters/path.decorator.js';
import { ref } from '#platform/http/schema/json-schema.js';
import { DecideOperationCommand } from '../../application/decide-operation/decide-operation.command.js';
import { RevokeOperationCommand } from '../../application/revoke-operation/revoke-operation.command.js';
import { WithdrawApprovalCommand } from '../../application/withdraw-approval/withdraw-approval.command.js';
import { ChallengeDecisionDto, DecideOperationDto, RevokeOperationDto } from './decide-operation.dto.js';
import { APPROVED_ONCE, CHALLENGE, DECISIONS, PENDING, REJECTED, REVOKED } from './operation.examples.js';
import { OperationBody, RevokedOperationBody, operationBody, revokedOperationBody } from './operation.schema.js';

@Controller()
export class DecisionsController {
  constructor(private readonly commands: CommandBus) {}

  @Endpoint({
    id: 'decideOperation', method: 'POST', path: '/v1/operations/:operationId/decisions', tag: 'Approvals', summary: 'Approve or reject', access: 'any-role',
    description: 'Whom a policy of the operation names, whatever else he is. Deciding the same twice changes nothing.',
    body: bodyOf(DecideOperationDto, DECISIONS),
    answers: [{ status: 201, description: 'The operation', schema: ref(OperationBody), headers: ['ETag'], examples: { 'approved once': APPROVED_ONCE, rejected: REJECTED } }],
    problems: [
      'OPERATION_NOT_FOUND', 'SELF_APPROVAL', 'NOT_ELIGIBLE', 'REQUEST_DIGEST_MISMATCH', 'ALREADY_DECIDED',
      'OPERATION_APPROVED', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'OPERATION_EXPIRED', 'OPERATION_EXHAUSTED',
      'PROOF_REQUIRED', 'PROOF_INVALID', 'CREDENTIAL_NOT_ACTIVE', 'CHALLENGE_EXPIRED', 'CHALLENGE_USED', 'CHALLENGE_MISMATCH',
    ],
  })
  async decide(@Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @Input() body: DecideOperationDto, @Res({ passthrough: true }) answer: Answer): Promise<OperationBody> {
    const view = await this.commands.execute(new DecideOperationCommand(meta, caller, id, body.decision, body.requestDigest, body.comment ?? null, proofOf(body.proof)));
    setRevision(answer, view.revision);
    return operationBody(view);
  }

  @Endpoint({
    id: 'challengeDecision', method: 'POST', path: '/v1/operations/:operationId/decision-challenges', tag: 'Approvals', summary: 'Get what to sign for a decision', access: 'any-role',
    description: 'Valid for 5 minutes, once, for this caller and this decision.',
    body: bodyOf(ChallengeDecisionDto, { approve: { decision: 'approve' } }),
    answers: [{ status: 201, description: 'The statement, and how a browser asks an authenticator for it', schema: ref(DecisionChallengeBody), examples: { challenge: CHALLENGE } }],
    problems: [
      'OPERATION_NOT_FOUND', 'SELF_APPROVAL', 'NOT_ELIGIBLE', 'ALREADY_DECIDED', 'CREDENTIAL_NOT_ACTIVE', 'PROOF_INVALID', 'CHALLENGE_USED',
      'OPERATION_APPROVED', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'OPERATION_EXPIRED', 'OPERATION_EXHAUSTED',
    ],
  })
  challenge(@Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @Input() body: ChallengeDecisionDto): Promise<DecisionChallengeBody> {
    return this.commands.execute(new ChallengeDecisionCommand(meta, caller, id, body.decision, body.credentialId ?? null));
  }

  @Endpoint({
    id: 'withdrawApproval', method: 'DELETE', path: '/v1/operations/:operationId/decisions/mine', tag: 'Approvals', summary: 'Withdraw one’s approval', access: 'any-role',
    description: 'Until the first use is reserved. `NOT_FOUND`: there is no approval of the caller’s.',
    answers: [{ status: 200, description: 'The operation', schema: ref(OperationBody), headers: ['ETag'], examples: { withdrawn: { ...PENDING, revision: 2 } } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_FOUND', 'NOT_YOUR_OPERATION', 'APPROVAL_IN_USE', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'OPERATION_EXPIRED', 'OPERATION_EXHAUSTED'],
  })
  async withdraw(@Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @Res({ passthrough: true }) answer: Answer): Promise<OperationBody> {
    const view = await this.commands.execute(new WithdrawApprovalCommand(meta, caller, id));
    setRevision(answer, view.revision);
    return operationBody(view);
  }

  @Endpoint({
    id: 'revokeOperation', method: 'POST', path: '/v1/operations/:operationId/revocation', tag: 'Operations', summary: 'Revoke an operation, or what is left of it', access: 'any-role',
    description: 'An administrator, its orderer, an eligible approver.',
    body: bodyOf(RevokeOperationDto, { reason: { reason: 'Laptop of the build lead was stolen' } }),
    answers: [{ status: 201, description: 'The operation', schema: ref(RevokedOperationBody), headers: ['ETag'], examples: { revoked: REVOKED } }],
    problems: ['OPERATION_NOT_FOUND', 'NOT_YOUR_OPERATION', 'NOT_ELIGIBLE', 'OPERATION_REJECTED', 'OPERATION_REVOKED', 'OPERATION_EXPIRED', 'OPERATION_EXHAUSTED'],
  })
  async revoke(@Meta() meta: CommandMeta, @Caller() caller: Principal, @OperationId() id: string, @Input() body: RevokeOperationDto, @Res({ passthrough: true }) answer: Answer): Promise<RevokedOperationBody> {
    const view = await this.commands.execute(new RevokeOperationCommand(meta, caller, id, body.reason));
    setRevision(answer, view.revision);
    return revokedOperationBody(view);
  }
}

function proofOf(body: unknown): DecisionProof | null {
  if (body === undefined) return null;
  const parsed = parseDecisionProof(body, '/proof');
  if ('faults' in parsed) throw invalid(...parsed.faults);
  return parsed.proof;
}
