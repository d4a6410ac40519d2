import type { Folded } from '#eventing/stream-states.js';
import type { KeyState } from '#keys/contract.js';

/** The keys as their own streams tell them. */
export interface KeyStates {
  /** From the leader, newer than the call (rule 13). A missing key has revision -1. */
  fresh(keyId: string): Promise<Folded<KeyState>>;
}
/** Injection token of the process's KeyStates. */
export const KEY_STATES = Symbol('KeyStates');
