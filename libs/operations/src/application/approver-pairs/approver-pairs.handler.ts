import { Inject } from '@nestjs/common';
import { QueryHandler } from '@nestjs/cqrs';
import type { IQueryHandler } from '@nestjs/cqrs';
import { APPROVER_PAIRS } from '../ports/approver-pairs.port.js';
import type { ApproverPair, ApproverPairs } from '../ports/approver-pairs.port.js';
import { ApproverPairsQuery } from './approver-pairs.query.js';

const MAX_PAIRS = 1_000;

@QueryHandler(ApproverPairsQuery)
export class ApproverPairsHandler implements IQueryHandler<ApproverPairsQuery> {
  constructor(@Inject(APPROVER_PAIRS) private readonly pairs: ApproverPairs) {}

  async execute({ from, to }: ApproverPairsQuery): Promise<{ readonly items: readonly ApproverPair[] }> {
    return { items: await this.pairs.pairs(from, to, MAX_PAIRS) };
  }
}
