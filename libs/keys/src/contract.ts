export { ALGORITHMS, digestBytes, hashOf, maxSignatureBytes } from './domain/key/algorithm.js';
export type { Algorithm, HashName } from './domain/key/algorithm.js';
export type { KeyEvent, Purpose, Requesters } from './domain/key/events.js';
export { PURPOSES } from './domain/key/events.js';
export type { KeyState } from './domain/key/state.js';
export { initialKey, evolveKey } from './domain/key/evolve.js';

/** The stream of a key. */
export const keyStream = (keyId: string): string => `key-${keyId}`;
/** Stream in which one key pair is claimed by one keyId, for ever (rule 15). @param spkiSha256Hex lower-case hex SHA-256 of the SubjectPublicKeyInfo */
export const keyPairStream = (spkiSha256Hex: string): string => `keyPair-${spkiSha256Hex}`;
/** Stream whose event n is the lock of the n-th signer that takes a registration. @param registrationId id of the `keys.registration-requested` event */
export const keyRegistrationStream = (registrationId: string): string => `keyRegistration-${registrationId}`;
