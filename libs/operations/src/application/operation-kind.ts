import { eventCodec } from '#eventing/event-codec.js';
import type { StreamKind } from '#eventing/stream-states.js';
import { evolveOperation } from '../domain/operation/evolve.js';
import type { DecisionChallenged, OperationEvent } from '../domain/operation/events.js';
import { initialOperation } from '../domain/operation/state.js';
import type { OpenReservation, OperationState } from '../domain/operation/state.js';

export const decodeOperationEvent = eventCodec<OperationEvent>([
  'operations.requested.v1', 'operations.decision-challenged.v1', 'operations.approval-given.v1', 'operations.approval-withdrawn.v1', 'operations.rejection-given.v1', 'operations.approved.v1',
  'operations.rejected.v1', 'operations.revoked.v1', 'operations.expired.v1', 'operations.exhausted.v1', 'operations.uses-reserved.v1',
  'operations.uses-settled.v1', 'operations.uses-returned.v1', 'operations.decision-refused.v1', 'operations.use-refused.v1',
  'operations.review-opened.v1', 'operations.review-given.v1', 'operations.review-closed.v1', 'operations.review-overdue.v1', 'operations.reminder-due.v1', 'operations.escalated.v1',
]);

/** Commands that a person gives a bounded number of times; orders are recognised by their own streams (rule 4). */
const REMEMBERED = new Set<OperationEvent['type']>(['operations.requested.v1', 'operations.decision-challenged.v1', 'operations.approval-given.v1', 'operations.approval-withdrawn.v1', 'operations.rejection-given.v1', 'operations.revoked.v1', 'operations.review-given.v1']);

type Stored = Omit<OperationState, 'open' | 'challenges' | 'answered'> & {
  readonly open: readonly (readonly [string, OpenReservation])[];
  readonly challenges: readonly (readonly [string, DecisionChallenged['data']])[];
  readonly answered: readonly string[];
};

export const operationKind: StreamKind<OperationEvent, OperationState> = {
  initialState: initialOperation,
  evolve: evolveOperation,
  decode: decodeOperationEvent,
  remembers: (event) => REMEMBERED.has(event.type),
  snapshotVersion: 'operation/3',
  toJson: (state): Stored => ({ ...state, open: [...state.open], challenges: [...state.challenges], answered: [...state.answered] }),
  fromJson: (json: Stored): OperationState => ({ ...json, open: new Map(json.open), challenges: new Map(json.challenges), answered: new Set(json.answered) }),
};
