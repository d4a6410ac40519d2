import type { Instant } from '#kernel/clock.js';

/** What an approver signs (`countersign/decision/v1`). Digests are base64 of SHA-256. */
export interface DecisionStatement {
  readonly operationId: string;
  readonly requestDigest: string;
  readonly policyDigest: string;
  readonly decision: 'approve' | 'reject';
  readonly nonce: string;
  /** The public URL. */
  readonly audience: string;
  readonly at: Instant;
  /** Digests of the statements of the approvals that stood, where a policy has a sequence. */
  readonly after?: readonly string[];
}

/** What an actor signs of an act of the control plane (`countersign/act/v1`), and sends as `Countersign-Proof`. */
export interface ActStatement {
  readonly method: string;
  readonly path: string;
  /** Of the body's RFC 8785 form, of `{}` when there is none. */
  readonly bodyDigest: string;
  /** Of the administration session that it is done in. */
  readonly session: string | null;
  /** Head of the control plane's chain before it; null: nothing is before it. */
  readonly previous: string | null;
}

/** What an orderer signs of a sign order. It bears no type: nothing else has these members and no others. */
export interface OrderStatement {
  readonly operationId: string;
  readonly requestDigest: string;
  readonly idempotencyKey: string;
  readonly keyId: string;
  /** As the order's `digests`; of an order's `data` its one digest by the key's hash (EdDSA: SHA-256). */
  readonly digests: readonly string[];
}
