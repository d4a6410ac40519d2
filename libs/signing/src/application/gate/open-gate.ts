import type { EventStore } from '#eventing/event-store.port.js';
import type { TrustedClock } from '#eventing/trusted-clock.js';
import { Sightings } from '#identity/contract.js';
import type { ProofVerifier, RelyingParty } from '#identity/contract.js';
import type { Clock } from '#kernel/clock.js';
import type { Ledger } from '../ports/ledger.port.js';
import { ChainHeads } from './chain-heads.js';
import { ChainSteps } from './chain-steps.js';
import { CheckedProofs } from './checked-proofs.js';
import { Gate } from './gate.js';
import { PlaneFeed } from './plane-feed.js';
import { StandingNotes } from './standing-notes.js';

export interface GateParts {
  readonly store: EventStore;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly trusted: TrustedClock;
  readonly verifier: ProofVerifier;
  /** This deployment's id, as every request names it. */
  readonly deployment: string;
  /** Digest of the genesis, as the signer's own configuration pins it; null: it pins none. */
  readonly genesis: string | null;
  /** For whom authenticators sign, where no genesis says it. */
  readonly relying: RelyingParty;
  readonly log: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}

/** The gate of a signer, with what was last seen of people in the past day. Its control plane is read when it is first asked for. @throws StoreUnavailableError */
export async function openGate({ store, ledger, clock, trusted, verifier, deployment, genesis, relying, log }: GateParts): Promise<Gate> {
  const sightings = new Sightings();
  await sightings.readBack(store, trusted.now().closing);
  const notes = new StandingNotes(ledger, clock);
  const steps = new ChainSteps({ deployment, pinned: genesis, verifier, ledger, store, notes, now: () => (trusted.jumped() === undefined ? trusted.now().opening : undefined) });
  return new Gate({ plane: new PlaneFeed({ store, deployment, steps, heads: new ChainHeads(ledger), sightings, relying }), proofs: new CheckedProofs(verifier), verifier, notes, log });
}
