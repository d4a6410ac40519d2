import type { Actor } from '#kernel/actor.js';
import { sameActor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import { answerableFor } from '#identity/contract.js';
import type { SignedDecision } from './act.js';
import { isAdministrator } from './administrators.js';
import { directoryOf, NOTHING_SEEN } from './directory.js';
import type { Effect } from './effects.js';
import type { ControlPlaneState } from './state.js';
import { weightOf } from './weight.js';

/** How many administrators must approve the operation of an act, beside who proposed it. */
export function approversNeeded(effect: Effect, state: ControlPlaneState, quorum: number): number {
  const weight = weightOf(effect, state);
  return weight === 'relief' || weight === 'own' ? 0 : Math.max(1, quorum);
}

/** Approvals that count for an operation which `proposer` asked for: one a human, who also answers for the machines that he owns, of administrators, of nobody who belongs to him; with a genesis each with a proof by an active credential. */
export function countedDecisions(state: ControlPlaneState, proposer: Actor, decisions: readonly SignedDecision[], now: Instant): readonly SignedDecision[] {
  const directory = directoryOf(state, NOTHING_SEEN);
  const able = decisions.filter(({ by, proof }) => isAdministrator(state, by) !== false && directory.relation(proposer, by, now) === undefined && isProven(state, by, proof));
  const behind = able.map((decision) => ({ decision, humans: answerableFor(decision.by, directory) }));
  const taken = new Set<string>();
  const counted = new Set<SignedDecision>();
  // People first: whoever approves himself needs no machine that does.
  for (const { decision, humans } of [...behind.filter((b) => b.humans.length === 1), ...behind.filter((b) => b.humans.length > 1)]) {
    if (humans.some((human) => taken.has(human))) continue;
    for (const human of humans) taken.add(human);
    counted.add(decision);
  }
  return able.filter((decision) => counted.has(decision)).map(({ by: { issuer, subject }, proof }) => ({ by: { issuer, subject }, proof }));
}

/** That the proof verifies is not asked here. */
function isProven(state: ControlPlaneState, by: Actor, proof: SignedDecision['proof']): boolean {
  if (state.genesis === null) return true;
  const credential = proof === null ? undefined : state.credentials.get(proof.credentialId);
  if (credential?.status !== 'active' || !sameActor(credential.owner, by)) return false;
  return state.genesis.minimumProof !== 'webauthn' || proof?.type === 'webauthn';
}
