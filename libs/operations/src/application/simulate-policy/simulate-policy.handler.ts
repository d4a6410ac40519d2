import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { outcomeUnder } from '../../domain/operation/outcome-under.js';
import { CONTROL_PLANE } from '../ports/control-plane.port.js';
import type { ControlPlane } from '../ports/control-plane.port.js';
import { PAST_OPERATIONS } from '../ports/past-operations.port.js';
import type { PastOperations } from '../ports/past-operations.port.js';
import { SimulatePolicyQuery } from './simulate-policy.query.js';
import type { Simulation } from './simulate-policy.query.js';

const PAGE = 500;
export const MAX_EXAMINED = 20_000;
export const MAX_TOLD = 1_000;

@QueryHandler(SimulatePolicyQuery)
export class SimulatePolicyHandler implements IQueryHandler<SimulatePolicyQuery> {
  constructor(@Inject(PAST_OPERATIONS) private readonly past: PastOperations, @Inject(CONTROL_PLANE) private readonly controlPlane: ControlPlane) {}

  async execute({ policy, keyId, from, to }: SimulatePolicyQuery): Promise<Simulation> {
    const policies = (await this.controlPlane.fresh()).resolve(policy).map((p) => p.policy);
    const items: Simulation['items'][number][] = [];
    let examined = 0;
    for (let cursor: bigint | null = null; ; ) {
      const page = await this.past.page({ keyId, from, to }, cursor, PAGE);
      for (const { state } of page) {
        if (state.request === null || state.grants.length === 0) continue;
        if (examined >= MAX_EXAMINED || items.length >= MAX_TOLD) return { items, examined, truncated: true };
        examined += 1;
        const was = outcomeUnder(state, null, null);
        const would = outcomeUnder(state, keyId, policies);
        if (was.outcome !== would.outcome) items.push({ operationId: state.request.operationId, was: was.outcome, would: would.outcome, missing: would.missing });
      }
      if (page.length < PAGE) return { items, examined, truncated: false };
      cursor = page.at(-1)?.cursor ?? null;
    }
  }
}
