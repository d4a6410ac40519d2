import { Query } from '@nestjs/cqrs';
import type { Principal, PrincipalView } from '#identity/contract.js';
import type { NodeStanding, Policy, PolicyPrincipal } from '#policies/contract.js';
import type { OperationViewState } from '../operation-view.js';

export type Standing = NodeStanding<PolicyPrincipal, PolicyPrincipal>;

/** How an operation stands with each of its policies. */
export interface ApprovalStanding {
  readonly operationId: string;
  readonly state: OperationViewState;
  /** Those whose approvals stand. */
  readonly approvers: readonly PrincipalView[];
  readonly approvals: readonly {
    /** A keyId, or what a grant names. */
    readonly resource: string;
    readonly policy: Policy;
    readonly met: boolean;
    readonly missing: number;
    readonly tree: Standing;
  }[];
}

/** Who fills which slot of its policies, and who could still. @throws DomainError OPERATION_NOT_FOUND, NOT_YOUR_OPERATION */
export class ApprovalStandingQuery extends Query<ApprovalStanding> {
  constructor(readonly caller: Principal, readonly operationId: string) {
    super();
  }
}
