import { eventCodec } from '#eventing/event-codec.js';
import type { StreamKind } from '#eventing/stream-states.js';
import type { KeyEvent } from '../domain/key/events.js';
import { evolveKey, initialKey } from '../domain/key/evolve.js';
import type { KeyState } from '../domain/key/state.js';

export const decodeKeyEvent = eventCodec<KeyEvent>([
  'keys.registration-requested.v1', 'keys.registered.v1', 'keys.registration-failed.v1', 'keys.policy-changed.v1', 'keys.disabled.v1', 'keys.enabled.v1',
]);

/** The signer's events answer nobody's command: of a registration the request is the answer, and waiting for its end is the handler's. */
const REMEMBERED = new Set<KeyEvent['type']>(['keys.registration-requested.v1', 'keys.policy-changed.v1', 'keys.disabled.v1', 'keys.enabled.v1']);

export const keyKind: StreamKind<KeyEvent, KeyState> = {
  initialState: initialKey,
  evolve: evolveKey,
  decode: decodeKeyEvent,
  remembers: (event) => REMEMBERED.has(event.type),
  // Only successes are kept, for as long as what they made: a failed registration takes with it all that was answered about the key.
  forgets: (event) => event.type === 'keys.registration-failed.v1',
  snapshotVersion: 'key/1',
  toJson: (state) => state,
  fromJson: (json: KeyState): KeyState => json,
};
