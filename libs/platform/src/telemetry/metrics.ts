/** What is counted, as the rest of the code sees it. None of these calls throws or waits. Names and labels as `/metrics` shows them are in instruments.ts. */
export interface Metrics {
  /** @param route its template, as in `/v1/operations/:id`, never the path asked for @param seconds until the answer was handed over */
  httpRequest(method: string, route: string, status: number, seconds: number): void;
  /** A sign order reached a final state. */
  signOrderEnded(outcome: SignOrderOutcome): void;
  /** Signatures handed out. */
  signatures(count: number): void;
  uses(change: UsesChange, count: number): void;
  /** One append that the event store accepted. */
  appended(events: number): void;
  appendConflict(): void;
  /** Events of a stream that were read to fold its state. */
  streamEventsRead(events: number): void;
  decision(kind: DecisionKind): void;
  /** @param code of the answer, see docs/errors.md */
  refusal(code: string): void;
  /** How many events of the store a subscription has not handled yet. */
  subscriptionLag(subscription: string, events: number): void;
  readonly hsm: {
    /** One PKCS#11 call that ended. */
    call(name: string, seconds: number, outcome: 'ok' | 'fatal' | 'refused' | 'retryable' | 'unknown'): void;
  };
}

export const SIGN_ORDER_OUTCOMES = ['completed', 'failed', 'halted', 'outcome-unknown'] as const;
export type SignOrderOutcome = (typeof SIGN_ORDER_OUTCOMES)[number];
export const USES_CHANGES = ['reserved', 'spent', 'returned'] as const;
export type UsesChange = (typeof USES_CHANGES)[number];
export const DECISION_KINDS = ['approve', 'reject', 'withdraw', 'revoke'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];
