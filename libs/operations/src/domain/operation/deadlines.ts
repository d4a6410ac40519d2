import type { Instant } from '#kernel/clock.js';
import { optionsOf } from '#policies/contract.js';
import type { PolicyNode } from '#policies/contract.js';
import type { OperationState } from './state.js';
import { allPolicies } from './status.js';

/** What an operation is looked at again for. */
export const DEADLINES = ['reminder', 'escalation', 'review'] as const;
export type DeadlineKind = (typeof DEADLINES)[number];

const after = (at: Instant, ms: number): Instant => new Date(Date.parse(at) + ms).toISOString();
const least = (numbers: readonly (number | null)[]): number | undefined => numbers.filter((n) => n !== null).sort((a, b) => a - b)[0];

/** When this is due, by the policies and by what has happened; undefined: it is not, or not any more. */
export function deadlineOf(kind: DeadlineKind, state: OperationState): Instant | undefined {
  const { request } = state;
  if (request === null) return undefined;
  if (kind === 'review') return state.review?.status === 'open' ? state.review.dueAt : undefined;
  if (state.status !== 'pending' || (kind === 'reminder' ? state.reminded : state.escalated)) return undefined;
  const ms = least(allPolicies(state).map((policy) => (kind === 'reminder' ? optionsOf(policy).remindAfterMs : optionsOf(policy).escalateAfterMs)));
  const due = ms === undefined ? undefined : after(request.requestedAt, ms);
  return due !== undefined && due < request.expiresAt ? due : undefined;
}

/** To whom the policies escalate. */
export const escalatesTo = (state: OperationState): readonly PolicyNode[] => allPolicies(state).flatMap((policy) => optionsOf(policy).escalateTo ?? []);
