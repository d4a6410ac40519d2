import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { TRUSTED_CLOCK } from '#eventing/trusted-clock.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { DomainError } from '#kernel/domain-error.js';
import type { Directory } from '#identity/contract.js';
import { evaluatePolicy, explainPolicy } from '#policies/contract.js';
import type { Policy, PolicyPrincipal } from '#policies/contract.js';
import { approversFor, claimsNow, isBarred, isExclusive } from '../../domain/operation/approvals.js';
import type { OperationState } from '../../domain/operation/state.js';
import { policiesOf, statusAt } from '../../domain/operation/status.js';
import { operationStream } from '../../streams.js';
import { OperationReaders } from '../may-read.js';
import { OPERATION_EXECUTOR } from '../operation-executor.js';
import type { OperationExecutor } from '../operation-executor.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { ApprovalStandingQuery } from './approval-standing.query.js';
import type { ApprovalStanding } from './approval-standing.query.js';

@QueryHandler(ApprovalStandingQuery)
export class ApprovalStandingHandler implements IQueryHandler<ApprovalStandingQuery> {
  constructor(
    @Inject(OPERATION_EXECUTOR) private readonly operations: OperationExecutor,
    @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane,
    @Inject(TRUSTED_CLOCK) private readonly clock: TrustedClock,
    private readonly readers: OperationReaders,
  ) {}

  async execute({ caller, operationId }: ApprovalStandingQuery): Promise<ApprovalStanding> {
    const { state } = await this.operations.states.refresh(operationStream(operationId));
    const now = this.clock.now().closing;
    const status = statusAt(state, now);
    if (state.request === null || status === 'absent') throw new DomainError('OPERATION_NOT_FOUND', 'there is no such operation');
    this.readers.admit(state, caller);
    const { directory } = this.controlPlane.known();
    const asked = [...state.grants.flatMap((g) => policiesOf(g).map((policy) => ({ resource: g.keyId, policy }))), ...(state.request.grants ?? []).map(({ resource, policy }) => ({ resource, policy }))];
    return {
      operationId,
      state: status,
      approvers: state.decisions.filter((d) => d.decision === 'approve').map((d) => ({ issuer: d.by.issuer, subject: d.by.subject, name: d.name, claims: d.claims })),
      approvals: asked.map(({ resource, policy }) => {
        const approvers = approversFor(policy, state, now, directory);
        return { resource, policy, ...evaluatePolicy(policy, approvers), tree: explainPolicy(policy, approvers, candidatesFor(policy, state, now, directory)) };
      }),
    };
  }
}

/** Accounts that were heard of lately and may still decide. */
const candidatesFor = (policy: Policy, state: OperationState, now: string, directory: Directory): readonly PolicyPrincipal[] =>
  directory.accounts(now).flatMap((account) => {
    const { roles, groups } = claimsNow(policy, account, directory);
    return isBarred(state, account, now, directory) || isExclusive(groups, directory) ? [] : [{ issuer: account.issuer, subject: account.subject, roles, groups, person: directory.personOf(account) }];
  });
