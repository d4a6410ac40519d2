/** What clients asked and were told, and when: monotonic ms of the machine on which all of them run. */
export interface Asked {
  readonly client: string;
  readonly began: number;
  /** When the answer was there, or was given up. */
  readonly ended: number;
}

/** An order of `count` uses. `unknown`: no answer; it may have been accepted. */
export interface Ordered extends Asked {
  readonly kind: 'order';
  readonly operationId: string;
  readonly keyId: string;
  readonly count: number;
  readonly idempotencyKey: string;
  readonly answer: 'unknown' | { readonly status: number; readonly code?: string | undefined; readonly signOrderId?: string; readonly state?: string; readonly signatures?: readonly (string | null)[] };
}
/** A read of an operation or an order. @see seen the revision that the client had been told before, and asked for with `If-Min-Revision` */
export interface Read extends Asked {
  readonly kind: 'read';
  readonly subject: string;
  readonly seen: number | undefined;
  readonly answer: 'unknown' | { readonly status: number; readonly revision?: number; readonly state?: string };
}
/** What takes authority away from an operation, answered with success. */
export interface Revoked extends Asked {
  readonly kind: 'revoke';
  readonly operationId: string;
  readonly answer: 'unknown' | { readonly status: number };
}
export type HistoryEntry = Ordered | Read | Revoked;

/** How it ended, read when everything was quiet. */
export interface Outcome {
  readonly grants: readonly { readonly operationId: string; readonly keyId: string; readonly granted: number }[];
  readonly orders: readonly { readonly signOrderId: string; readonly operationId: string; readonly keyId: string; readonly count: number; readonly state: string; readonly usesConsumed: number; readonly signatures?: readonly (string | null)[] }[];
  /** C_Sign calls that the HSM saw. */
  readonly calls: number;
}

/** Collects what all clients of a test do. */
export class History {
  readonly entries: HistoryEntry[] = [];

  /** @param ask one call @param entry made of its answer, or of undefined when there was none */
  async record<T, E extends HistoryEntry>(ask: () => Promise<T>, entry: (when: Pick<Asked, 'began' | 'ended'>, answer: T | undefined) => E): Promise<T | undefined> {
    const began = performance.now();
    let answer: T | undefined;
    try {
      answer = await ask();
    } catch {
      // The connection broke, or nobody answered in time: that is what `unknown` says.
    }
    this.entries.push(entry({ began, ended: performance.now() }, answer));
    return answer;
  }
}
