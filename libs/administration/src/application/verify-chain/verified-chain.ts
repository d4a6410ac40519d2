import type { Instant } from '#kernel/clock.js';
import { GrowingSet } from '#kernel/growing-set.js';
import type { ProofVerifier } from '#identity/contract.js';
import { initialControlPlane } from '../../domain/control-plane/state.js';
import type { ControlPlaneState } from '../../domain/control-plane/state.js';
import type { ChainFault } from './chain-fault.js';

/** An event as a store hands it out, which may be anybody's. */
export interface ChainEvent {
  readonly revision: number;
  readonly type: string;
  readonly data: unknown;
}

export interface ChainOptions {
  /** Of the genesis, lower-case hex: from the verifier's own configuration. */
  readonly digest: string;
  /** The deployment's id; null: the genesis says it. */
  readonly deployment: string | null;
  readonly verifier: ProofVerifier;
  /**
   * When this verifier saw the event first, by its own memory; undefined: it does not know, and `at` is taken for it. An act of a session or an operation that was over by then does
   * not count, and none is in force from later than it was seen.
   */
  readonly firstSeenAt: (event: ChainEvent) => Instant | undefined;
  /** Why the operation of an act, or an approval of it, was taken back before this verifier saw the act; left out or undefined: it was not. */
  readonly takenBack?: (event: ChainEvent) => string | undefined;
  /** Whether the pair is one that this verifier knows to be the key's; left out: the chain is believed. */
  readonly knowsPair?: (keyId: string, publicKeySha256: string) => boolean;
  /** What this verifier remembers of the chain (rule 21): the head at a revision. */
  readonly remembered?: { readonly revision: number; readonly head: string };
}

/** A chain as far as it was verified. Where `faults` says something, it is broken right behind `revision`, and the state is that of before. */
export interface VerifiedChain {
  readonly state: ControlPlaneState;
  readonly head: string | null;
  /** After each event: that at which an operation was proposed is one of them. */
  readonly heads: GrowingSet<string>;
  /** From when its state is in force: when its last event was done, or seen, whichever is earlier. */
  readonly since: Instant;
  /** Of the last event that holds; -1: none. */
  readonly revision: number;
  readonly faults: readonly ChainFault[];
  /** Acts that stand in the chain and do not count; the newest of them. */
  readonly uncounted: readonly ChainFault[];
}

export const UNVERIFIED: VerifiedChain = { state: initialControlPlane, head: null, heads: GrowingSet.of(), since: '', revision: -1, faults: [], uncounted: [] };
