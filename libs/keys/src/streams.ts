/** The stream of a key. */
export const keyStream = (keyId: string): string => `key-${keyId}`;
export const KEY_PREFIX = 'key-';
/** Stream in which one key pair is claimed by one keyId, for ever (rule 15). @param spkiSha256Hex lower-case hex SHA-256 of the SubjectPublicKeyInfo */
export const keyPairStream = (spkiSha256Hex: string): string => `keyPair-${spkiSha256Hex}`;
/** Stream whose event n is the lock of the n-th signer that takes a registration. @param registrationId id of the `keys.registration-requested` event */
export const keyRegistrationStream = (registrationId: string): string => `keyRegistration-${registrationId}`;
/** Stream that tells which keyId a registration with an Idempotency-Key is about. */
export const keyRequestStream = (commandId: string): string => `keyRequest-${commandId}`;
