import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { Act, Authority } from './act.js';
import type { GenesisDocument } from './genesis.js';
import type { ProvenAct } from './plan.js';

/** Time and proofs are the command's, not the decider's. */
export type ControlPlaneCommand =
  | {
      readonly type: 'act';
      readonly act: Act;
      readonly by: Actor;
      /** By his token. */
      readonly administrator: boolean;
      /** Left out: at once, or in a session, as the state has it. */
      readonly operation: (Extract<Authority, { type: 'operation' }> & { /** From then on it allows nothing. */ readonly expiresAt: Instant }) | null;
      /** What its proof says, verified, with the head that it names and as it was sent. */
      readonly proof: (ProvenAct & { readonly previous: string | null; readonly jws: string }) | null;
      /** The configuration's, where no genesis was laid. */
      readonly quorum: number;
      readonly now: Instant;
    }
  | { readonly type: 'refuse-act'; readonly operationId: string; readonly by: Actor; readonly code: string; readonly detail: string; readonly now: Instant }
  | { readonly type: 'lay-genesis'; readonly document: GenesisDocument; readonly digest: string }
  /** The signer's. */
  | { readonly type: 'bind-key'; readonly keyId: string; readonly publicKeySha256: string; readonly signer: string; readonly now: Instant };

export type ActCommand = Extract<ControlPlaneCommand, { type: 'act' }>;
