import type { Actor } from '#kernel/actor.js';
import { exhaustive } from '#kernel/exhaustive.js';
import type { Instant } from '#kernel/clock.js';
import { blocker, isBlockerCode } from './blocker.js';
import type { Blocker } from './blocker.js';
import type { Failed, FailureCode, Halted, OrderFacts, SigningEvent } from './events.js';

export interface Finding {
  readonly by: Actor;
  readonly finding: 'signed' | 'not-signed';
  readonly comment: string;
}

/** An order as its own stream tells it. An order that is reserved only has no event there yet. */
export interface SignOrderState {
  readonly status: 'absent' | 'started' | 'completed' | 'failed' | 'halted' | 'outcome-unknown';
  /** From the first event; null while absent. */
  readonly facts: OrderFacts | null;
  /** Who holds the lock; null when it ended without a start. */
  readonly attempt: { readonly signer: string; readonly incarnation: string; readonly attempt: string } | null;
  readonly digests: readonly string[];
  readonly signatures: readonly (string | null)[];
  readonly spent: number;
  readonly returned: number;
  readonly endedAt: Instant | null;
  readonly failure: { readonly code: FailureCode; readonly detail: string } | null;
  /** Of a halted order, as far as they were told. */
  readonly blockers: readonly Blocker[];
  readonly findings: readonly Finding[];
  readonly resolved: boolean;
}

export const initialSignOrder: SignOrderState = {
  status: 'absent', facts: null, attempt: null, digests: [], signatures: [], spent: 0, returned: 0, endedAt: null, failure: null, blockers: [], findings: [], resolved: false,
};

export function evolveSignOrder(state: SignOrderState, event: SigningEvent): SignOrderState {
  switch (event.type) {
    case 'signing.started.v1': {
      const { signer, incarnation, attempt, digests } = event.data;
      return { ...state, status: 'started', facts: event.data, attempt: { signer, incarnation, attempt }, digests };
    }
    case 'signing.completed.v1':
      return { ...state, status: 'completed', signatures: event.data.signatures, spent: event.data.signatures.length, endedAt: event.data.at };
    case 'signing.failed.v1':
    case 'signing.halted.v1': {
      const { code, detail, at, count } = event.data;
      return { ...state, status: event.type === 'signing.failed.v1' ? 'failed' : 'halted', facts: state.facts ?? event.data, returned: count, endedAt: at, failure: { code, detail }, blockers: blockersOf(event) };
    }
    case 'signing.outcome-unknown.v1': {
      const { signatures, spent, returned, at, detail } = event.data;
      return { ...state, status: 'outcome-unknown', signatures, spent, returned, endedAt: at, failure: { code: 'OUTCOME_UNKNOWN', detail } };
    }
    case 'signing.late-outcome.v1':
      return state;
    case 'signing.outcome-resolved.v1': {
      const { by, finding, personal, resolved } = event.data;
      return { ...state, findings: [...state.findings, { by, finding, comment: personal.comment }], resolved: state.resolved || resolved };
    }
    default:
      return exhaustive(event);
  }
}

/** Events of the first releases name one reason, and nobody who can clear it. */
function blockersOf(event: Failed | Halted): readonly Blocker[] {
  if (event.type === 'signing.failed.v1') return [];
  const { blockers, code, detail } = event.data;
  return blockers ?? (isBlockerCode(code) ? [blocker(code, detail)] : []);
}

export const hasEnded = (state: SignOrderState): boolean => state.status !== 'absent' && state.status !== 'started';
