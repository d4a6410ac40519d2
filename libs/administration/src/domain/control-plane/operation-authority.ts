import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { SignedDecision } from './act.js';
import { isAdministrator } from './administrators.js';
import { directoryOf } from './directory.js';
import type { Effect } from './effects.js';
import { personOf } from './people-of.js';
import type { ControlPlaneState } from './state.js';
import { weightOf } from './weight.js';

/** How many administrators must approve the operation of an act, beside who proposed it. */
export function approversNeeded(effect: Effect, state: ControlPlaneState, quorum: number): number {
  const weight = weightOf(effect, state);
  return weight === 'relief' || weight === 'own' ? 0 : Math.max(1, quorum);
}

/** Whose approvals count for an operation that `proposer` asked for: one a human, administrators, nobody who belongs to him; with a genesis each with a proof by an active credential. */
export function countedApprovers(state: ControlPlaneState, proposer: Actor, decisions: readonly SignedDecision[], now: Instant): ReadonlySet<string> {
  const { relation } = directoryOf(state, () => undefined);
  const counted = decisions.filter(({ by, proof }) => isAdministrator(state, by) !== false && relation(proposer, by, now) === undefined && isProven(state, by, proof));
  return new Set(counted.map(({ by }) => personOf(state, by)));
}

/** That the proof verifies is not asked here. */
function isProven(state: ControlPlaneState, by: Actor, proof: SignedDecision['proof']): boolean {
  if (state.genesis === null) return true;
  const credential = proof === null ? undefined : state.credentials.get(proof.credentialId);
  if (credential?.status !== 'active' || !sameActor(credential.owner, by)) return false;
  return state.genesis.minimumProof !== 'webauthn' || proof?.type === 'webauthn';
}
