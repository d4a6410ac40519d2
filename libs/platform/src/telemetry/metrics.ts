import type { SubscriptionObserver } from '#eventing/subscription-lag.js';

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
  /** Of what takes the emergency path of its policies. */
  emergency(stage: EmergencyStage): void;
  /** @param code of the answer, see docs/errors.md */
  refusal(code: string): void;
  /** How many events of the store a subscription has not handled yet, and for how long the oldest of them has waited, where that is known. */
  subscriptionLag(subscription: string, events: number, seconds?: number): void;
  /** Follows a subscription: its lag is shown as it is when somebody looks. Named for ever; asked for again, it is followed anew. */
  subscription(name: string): SubscriptionObserver;
  /** Counts what waits, each time when somebody looks. Given again, the new count takes the place of the old one. */
  queue(name: QueueName, depth: () => number): void;
  /** A lease was taken by this process, or is no longer its own. */
  lease(name: string, held: boolean): void;
  /** What others hear of each other, all of it: peers that are not named any more are no longer shown. */
  peers(peers: readonly PeerFacts[]): void;
  /** Spans that no collector took. */
  spansLost(count: number): void;
  readonly hsm: {
    /** One PKCS#11 call that ended. */
    call(name: string, seconds: number, outcome: 'ok' | 'fatal' | 'refused' | 'retryable' | 'unknown'): void;
  };
  readonly ledger: {
    /** One call of the signer's ledger that ended: `ok`, or the name of the error's class. */
    readonly call: (name: string, seconds: number, outcome: string) => void;
  };
  readonly store: {
    /** One call of the event store that ended: `ok`, or the name of the error's class. */
    readonly call: (name: string, seconds: number, outcome: string) => void;
  };
}

export interface PeerFacts {
  readonly kind: 'api' | 'worker' | 'signer';
  readonly name: string;
  /** Whether it says that it does its work. */
  readonly working: boolean;
  /** This process's wall clock less the peer's; undefined before it is known. */
  readonly skewSeconds?: number | undefined;
}
/** Accepted sign orders without an end, as a signer knows them; commands that an api or worker has not answered; requests that wait for an event. */
export const QUEUES = ['open-sign-orders', 'commands', 'waits'] as const;
export type QueueName = (typeof QUEUES)[number];

export const SIGN_ORDER_OUTCOMES = ['completed', 'failed', 'halted', 'outcome-unknown'] as const;
export type SignOrderOutcome = (typeof SIGN_ORDER_OUTCOMES)[number];
export const USES_CHANGES = ['reserved', 'spent', 'returned'] as const;
export type UsesChange = (typeof USES_CHANGES)[number];
export const DECISION_KINDS = ['approve', 'reject', 'withdraw', 'revoke'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];
export const EMERGENCY_STAGES = ['requested', 'used', 'justified', 'not-justified', 'overdue'] as const;
export type EmergencyStage = (typeof EMERGENCY_STAGES)[number];
