import type { Actor } from '#kernel/actor.js';
import type { Instant } from '#kernel/clock.js';
import type { DecisionProof } from '#identity/contract.js';

/** What was asked on the wire, as it was asked: all that an act's effect follows from. */
export interface Act {
  readonly method: string;
  /** Without query, as it was sent. */
  readonly path: string;
  /** JSON; `{}` of a call without a body. */
  readonly body: unknown;
}

/** An approval of an operation as it stood when the operation's act was applied. */
export interface SignedDecision {
  readonly by: Actor;
  /** With the exact statement that was signed; null where no genesis was laid, and a token was enough. */
  readonly proof: (DecisionProof & { readonly credentialId: string; readonly statement: string }) | null;
}

/** Why an act was allowed. `direct`: to any administrator, or to the owner of what it is about. */
export type Authority =
  | { readonly type: 'direct' }
  | { readonly type: 'session'; readonly sessionId: string }
  | {
      readonly type: 'operation';
      readonly operationId: string;
      /** The operation's request statement (RFC 8785), whose member `act` names this act. */
      readonly statement: string;
      readonly decisions: readonly SignedDecision[];
    };

/** One act in the chain. */
export interface ActData extends Act {
  readonly by: Actor;
  /** Never earlier than that of the event before. */
  readonly at: Instant;
  /** The chain's head before it: base64 SHA-256 of the RFC 8785 form of `{type, data}` of the event before; null: there is none. */
  readonly previous: string | null;
  readonly authority: Authority;
  /** `Countersign-Proof` as it was sent: a compact JWS; null where none was asked for. */
  readonly proof: string | null;
}
