import type { Actor } from '#kernel/actor.js';

/** Who asks, and how a repetition of the same asking is recognised (rule 3). The executor adds the time at which it decides. */
export interface CommandMeta {
  /** UUIDv5 of issuer, subject, method, path and `Idempotency-Key`; random without one. */
  readonly commandId: string;
  /** Whether the caller gave an `Idempotency-Key`: only then can it have been answered before. */
  readonly keyed: boolean;
  /** That key itself; left out: none. */
  readonly idempotencyKey?: string;
  readonly actor: Actor;
  /** SHA-256 of the body as canonical JSON, base64; null for our own processes. */
  readonly bodyDigest: string | null;
  readonly requestId: string | null;
  /** The step of a trace that the command belongs to, as W3C's `traceparent`. */
  readonly traceparent?: string | undefined;
}
