import { eventCodec } from '#eventing/event-codec.js';
import { derivedId } from '#eventing/ids.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { Actor } from '#kernel/actor.js';
import { initialSighting, sightingDecider } from '../../domain/sightings/sighting.js';
import type { GroupsSeen, SightingState } from '../../domain/sightings/sighting.js';

export const PERSON_PREFIX = 'person-';
/** The stream of an account. */
export const personStream = ({ issuer, subject }: Actor): string => `${PERSON_PREFIX}${derivedId('person', issuer, subject)}`;

export const decodeSighting = eventCodec<GroupsSeen>(['identity.groups-seen.v1']);

export const sightingKind: StreamKind<GroupsSeen, SightingState> = {
  initialState: initialSighting,
  evolve: (state, event) => sightingDecider.evolve(state, event),
  decode: decodeSighting,
  remembers: () => false,
  snapshotVersion: 'sighting/1',
  toJson: (state) => state,
  fromJson: (json: SightingState): SightingState => json,
};
