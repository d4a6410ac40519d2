import { Query } from '@nestjs/cqrs';
import type { ApproverPair } from '../ports/approver-pairs.port.js';

/** How concentrated approvals are: who approved for whom, and how often, the most frequent first. */
export class ApproverPairsQuery extends Query<{ readonly items: readonly ApproverPair[] }> {
  /** @param from inclusive @param to exclusive */
  constructor(readonly from: string | null, readonly to: string | null) {
    super();
  }
}
