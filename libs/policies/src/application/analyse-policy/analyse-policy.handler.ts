import { Inject, Optional } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { invalid } from '#kernel/domain-error.js';
import { analysePolicies } from '../../domain/analyse.js';
import type { Analysis } from '../../domain/analyse.js';
import type { Policy, PolicySource } from '../../domain/policy.js';
import { POLICY_SOURCES } from '../ports/policy-sources.port.js';
import type { PolicySources } from '../ports/policy-sources.port.js';
import { AnalysePolicyQuery } from './analyse-policy.query.js';

@QueryHandler(AnalysePolicyQuery)
export class AnalysePolicyHandler implements IQueryHandler<AnalysePolicyQuery> {
  /** Without sources nothing is published: a policy stands for itself. */
  constructor(@Optional() @Inject(POLICY_SOURCES) private readonly sources?: PolicySources) {}

  async execute({ source, input }: AnalysePolicyQuery): Promise<Analysis> {
    return analysePolicies(await this.policiesOf(source), input);
  }

  private async policiesOf(source: PolicySource): Promise<readonly Policy[]> {
    if (this.sources !== undefined) return (await this.sources.resolve(source)).map(({ policy }) => policy);
    if ('type' in source || 'tree' in source) return [source];
    throw invalid({ path: '/approvalPolicy', message: 'refers to a policy that is not published' });
  }
}
