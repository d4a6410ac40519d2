import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { CredentialKey, TrustedIssuer } from '#identity/contract.js';
import type { Policy } from '#policies/contract.js';
import type { PermittedKey } from './effects.js';
import type { Level, ProofKind } from './policy-words.js';

export const GENESIS_TYPE = 'countersign/genesis/v1';

/** What a deployment begins with: agreed on by people in one room, pinned by its digest, changed by acts alone. */
export interface GenesisDocument {
  readonly type: typeof GENESIS_TYPE;
  /** The deployment's id, which every request statement names. */
  readonly deployment: string;
  readonly createdAt: Instant;
  /** WebAuthn's relying party. */
  readonly rpId: string;
  readonly origin: string;
  /** Weaker proofs count nowhere where a policy asks for proofs. */
  readonly minimumProof: ProofKind;
  /** 2 or more. */
  readonly quorum: number;
  /** `quorum` + 1 humans or more; from then on the roster of `administrators`. */
  readonly administrators: readonly Actor[];
  readonly credentials: readonly { readonly credentialId: string; readonly owner: Actor; readonly label: string; readonly key: CredentialKey }[];
  readonly people: readonly { readonly personId: string; readonly accounts: readonly Actor[]; readonly owns: readonly Actor[] }[];
  readonly rosters: readonly { readonly group: string; readonly members: readonly Actor[] }[];
  readonly policies: readonly { readonly name: string; readonly policy: Policy }[];
  readonly levels: readonly { readonly level: Level; readonly policy: Policy }[];
  readonly separation: { readonly exclusive: readonly (readonly [string, string])[]; readonly mutualWithinDays: number };
  readonly issuers: readonly TrustedIssuer[];
  /** To be made by the signer; one of purpose `evidence` among them. */
  readonly keys: readonly PermittedKey[];
}
