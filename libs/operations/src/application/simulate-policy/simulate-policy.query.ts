import { Query } from '@nestjs/cqrs';
import type { PolicySource } from '#policies/contract.js';
import type { Outcome } from '../../domain/operation/outcome-under.js';

export interface Simulation {
  readonly items: readonly { readonly operationId: string; readonly was: Outcome; readonly would: Outcome; readonly missing: number }[];
  /** Operations that were looked at. */
  readonly examined: number;
  /** There were more than are looked at, or told, at one time. */
  readonly truncated: boolean;
}

/** Past operations whose outcome would be another one under this policy, newest first. @throws DomainError POLICY_NOT_FOUND */
export class SimulatePolicyQuery extends Query<Simulation> {
  constructor(readonly policy: PolicySource, readonly keyId: string | null, readonly from: string | null, readonly to: string | null) {
    super();
  }
}
