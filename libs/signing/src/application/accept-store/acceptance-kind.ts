import { eventCodec } from '#eventing/event-codec.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { AcceptanceEvent } from '../../domain/ledger-acceptance/events.js';
import { evolveAcceptance, initialAcceptance } from '../../domain/ledger-acceptance/state.js';
import type { AcceptanceState } from '../../domain/ledger-acceptance/state.js';

export const decodeAcceptance = eventCodec<AcceptanceEvent>(['signing.older-store-accepted.v1']);

export const acceptanceKind: StreamKind<AcceptanceEvent, AcceptanceState> = {
  initialState: initialAcceptance,
  evolve: evolveAcceptance,
  decode: decodeAcceptance,
  remembers: () => true,
  snapshotVersion: 'ledger-acceptance/2',
  toJson: (state) => state,
  fromJson: (json: AcceptanceState): AcceptanceState => json,
};
