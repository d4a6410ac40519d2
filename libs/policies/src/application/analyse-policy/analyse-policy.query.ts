import { Query } from '@nestjs/cqrs';
import type { Analysis, AnalysisInput } from '../../domain/analyse.js';
import type { PolicySource } from '../../domain/policy.js';

/** @throws DomainError VALIDATION_FAILED where it refers to what there is not */
export class AnalysePolicyQuery extends Query<Analysis> {
  constructor(readonly source: PolicySource, readonly input: AnalysisInput) {
    super();
  }
}
