import { eventCodec } from '#eventing/event-codec.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { SigningEvent } from '../domain/sign-order/events.js';
import { evolveSignOrder, initialSignOrder } from '../domain/sign-order/state.js';
import type { SignOrderState } from '../domain/sign-order/state.js';

export const decodeSigningEvent = eventCodec<SigningEvent>([
  'signing.started.v1', 'signing.completed.v1', 'signing.failed.v1', 'signing.halted.v1', 'signing.outcome-unknown.v1', 'signing.late-outcome.v1', 'signing.outcome-resolved.v1',
]);

export const signOrderKind: StreamKind<SigningEvent, SignOrderState> = {
  initialState: initialSignOrder,
  evolve: evolveSignOrder,
  decode: decodeSigningEvent,
  remembers: (event) => event.type === 'signing.outcome-resolved.v1',
  snapshotVersion: 'sign-order/2',
  toJson: (state) => state,
  fromJson: (json: SignOrderState): SignOrderState => json,
};
