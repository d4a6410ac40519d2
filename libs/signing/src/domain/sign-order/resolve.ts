import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Decider } from '#kernel/decider.js';
import { DomainError, invalid } from '#kernel/domain-error.js';
import type { SigningEvent } from './events.js';
import { evolveSignOrder, initialSignOrder } from './state.js';
import type { SignOrderState } from './state.js';

/** What an administrator found out about an unknown outcome. It changes neither state nor uses (rule 8). */
export interface ResolveOutcome {
  readonly by: Actor;
  readonly name: string | null;
  readonly finding: 'signed' | 'not-signed';
  readonly comment: string;
}

export function decideResolution(command: ResolveOutcome, state: SignOrderState): readonly SigningEvent[] {
  if (state.facts === null) throw new DomainError('SIGN_ORDER_NOT_FOUND', 'there is no such sign order');
  if (state.status !== 'outcome-unknown') throw invalid({ path: '/finding', message: 'the outcome of this order is known' });
  if (state.findings.some((f) => sameActor(f.by, command.by) && f.finding === command.finding)) return [];
  const resolved = state.findings.some((f) => !sameActor(f.by, command.by) && f.finding === command.finding);
  const { by, finding, name, comment } = command;
  return [{ type: 'signing.outcome-resolved.v1', data: { operationId: state.facts.operationId, by: { issuer: by.issuer, subject: by.subject }, finding, resolved, personal: { name, comment } } }];
}

export const resolutionDecider: Decider<ResolveOutcome, SigningEvent, SignOrderState> = { initialState: initialSignOrder, decide: decideResolution, evolve: evolveSignOrder };
