export { ALGORITHMS, digestBytes, hashOf, maxSignatureBytes } from './domain/key/algorithm.js';
export type { Algorithm, HashName } from './domain/key/algorithm.js';
export type { KeyEvent, PairClaimed, RegistrationFailure, RegistrationRequested, RegistrationTaken } from './domain/key/events.js';
export type { KeyState } from './domain/key/state.js';
export { initialKey } from './domain/key/evolve.js';
export { keyDecider } from './domain/key/decide.js';
export type { KeyCommand } from './domain/key/commands.js';
export { decodeKeyEvent, keyKind } from './application/key-kind.js';
export { KEY_EXECUTOR } from './application/key-executor.js';
export type { KeyExecutor } from './application/key-executor.js';
export { PUBLIC_KEY_PEM } from './application/ports/public-key-pem.port.js';
export { KEY_LIST } from './application/ports/key-list.port.js';

export { KEY_PREFIX, keyPairStream, keyRegistrationStream, keyStream } from './streams.js';
